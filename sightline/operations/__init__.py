"""Is it well? The figures that say so, each with what it may be; shown by the command line, the web page and Grafana alike."""
