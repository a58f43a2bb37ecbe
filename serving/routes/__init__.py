"""The routes, one file a group; each makes a router over the services that it is given."""
