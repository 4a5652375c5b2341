"""Images that a Docker or Podman daemon on this machine keeps (or one that its client is set to): asked for over its socket."""
