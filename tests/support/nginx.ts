/** nginx in the foreground with all of its files in one directory, for tests that need no more than a location. */

/**
 * Writes `nginx.conf` into the directory.
 *
 * @param dir The directory of nginx's files.
 * @param port The port of 127.0.0.1 at which nginx listens.
 * @param location The text of its only location.
 * @param workers How many processes serve.
 * @returns The command that starts it.
 */
export async function nginxWith(dir: string, port: number, location: string, workers = 1): Promise<string[]> {
  await Deno.writeTextFile(
    `${dir}/nginx.conf`,
    `
daemon off;
user root;
worker_processes ${workers};
pid ${dir}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / { ${location} }
  }
}
`,
  );
  return ["nginx", "-e", "stderr", "-p", dir, "-c", `${dir}/nginx.conf`];
}
