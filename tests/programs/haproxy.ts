/** The beginning of every configuration of haproxy: without time limits it warns. */
export const HAPROXY_DEFAULTS = `
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s`;
