/** Dovecot: a process for each connection, which a listener's other processes hand over to each other. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { run } from "../support/process.ts";
import { type Rig, withRig } from "./rig.ts";

const MESSAGE = `From: somebody\r\nSubject: news\r\n\r\n${"A line of text.\r\n".repeat(2000)}`;

/** Dovecot wants names of users: those of whoever it runs as, so that it needs no rights. */
async function configuration(rig: Rig): Promise<string> {
  const user = Deno.uid() === 0 ? "nobody" : (await run(["id", "-un"])).stdout.trim();
  const group = (await run(["id", "-gn", user])).stdout.trim();
  const { files } = rig;
  rig.write("users", `somebody:{PLAIN}secret:::::\n`);
  return rig.write(
    "dovecot.conf",
    `dovecot_config_version = 2.4.0
     dovecot_storage_version = 2.4.0
     protocols = imap pop3
     listen = 127.0.0.1
     base_dir = ${files}/base
     state_dir = ${files}/state
     log_path = /dev/stderr
     ssl = no
     auth_allow_cleartext = yes
     default_internal_user = ${user}
     default_internal_group = ${group}
     default_login_user = ${user}
     first_valid_uid = 0
     first_valid_gid = 0
     mail_driver = maildir
     mail_path = ${files}/mail
     passdb passwd-file {
       passwd_file_path = ${files}/users
     }
     userdb static {
       fields {
         uid = ${user}
         gid = ${group}
         home = ${files}/mail
       }
     }
     service anvil {
       chroot =
     }
     service imap-login {
       chroot =
       inet_listener imap {
         port = 17451
       }
     }
     service pop3-login {
       chroot =
       inet_listener pop3 {
         port = 17452
       }
     }
     service stats {
       chroot =
     }\n`,
  );
}

Deno.test("Dovecot takes a message by IMAP and gives it by IMAP and POP3", {
  ignore: !need("dovecot", "dovecot-pop3", "curl"),
}, async () => {
  await withRig(async (rig) => {
    const dovecot = rig.unprivileged(["dovecot", "-F", "-c", await configuration(rig)]);
    await rig.server(dovecot, { tcp: [17451, 17452], cli: true });
    const curl = (...args: string[]) => rig.unprivileged(["curl", "-sS", "-u", "somebody:secret", ...args]);
    const upload = curl("-T", rig.write("message", MESSAGE), "imap://127.0.0.1:17451/INBOX");
    for (const cli of [false, true]) await rig.client(upload, { cli });
    const folders = await rig.client(curl("imap://127.0.0.1:17451/"));
    assertMatch(folders.stdout, /^\* LIST .*INBOX\r\n/m);
    for (const url of ["imap://127.0.0.1:17451/INBOX;UID=1", "pop3://127.0.0.1:17452/1", "pop3://127.0.0.1:17452/2"]) {
      const { stdout } = await rig.client(curl(url));
      assertStrictEquals(stdout.trim(), MESSAGE.trim());
    }
  });
});
