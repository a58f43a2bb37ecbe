"""Frame sources for the publisher: video files, RTSP, image folders, webcams."""
