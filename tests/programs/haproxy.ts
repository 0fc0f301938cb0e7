/** What every configuration of haproxy says: without time limits it warns. */
export const HAPROXY_DEFAULTS = `
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s`;
