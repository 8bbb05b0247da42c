package mailtest

import (
	"slices"
	"strings"
	"testing"
	"text/template"
)

// values fill in Dovecot's configuration.
type values struct {
	Dir           string
	Port, TLSPort string
	Root          bool // Dovecot is started as root
	TLS           bool
	V24           bool   // 2.4 (Debian 13) renamed most settings of 2.3 (Debian 12)
	UID, GID      int    // owner of all mail
	User, Group   string // of this process, who runs Dovecot if not root
	Alone         bool   // there are command folders
	Folders       []string
	Without       []string
}

// announced is what a Dovecot 2.3 with a client logged in announces.
const announced = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS" +
	" THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1" +
	" CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY" +
	" PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"

// Capability is what 2.3 is to announce in place of its own list.
func (v values) Capability() string {
	words := strings.Fields(announced)
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return slices.Contains(v.Without, w) }), " ")
}

func (v values) conf(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	if err := dovecotConf.Execute(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// dovecotConf serves both versions: what they share stands once.
var dovecotConf = template.Must(template.New("dovecot.conf").Parse(`{{if .V24}}dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
{{end -}}
protocols = imap lmtp
hostname = imap.firm.example
listen = 127.0.0.1
base_dir = {{.Dir}}/run
{{if not .V24}}state_dir = {{.Dir}}/state
{{end -}}
log_path = {{.Dir}}/dovecot.log
recipient_delimiter = +
lda_mailbox_autocreate = yes
first_valid_uid = 1
auth_failure_delay = 0
{{if not .Root}}default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
{{end -}}
# One process for each connection would be slow to start: one for many.
service imap-login {
  inet_listener imap {
    port = {{.Port}}
  }
  inet_listener imaps {
    port = {{if .TLS}}{{.TLSPort}}{{else}}0{{end}}
    ssl = yes
  }
  {{if .V24}}restart_request_count = unlimited{{else}}service_count = 0{{end}}
{{if not .Root}}  chroot =
{{end}}}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
service anvil {
{{if not .Root}}  chroot =
{{end}}}
service stats {
{{if not .Root}}  chroot =
{{end}}}

{{if .V24 -}}
auth_mechanisms = plain login
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {
  passwd_file_path = {{.Dir}}/users
}
userdb passwd-file {
  passwd_file_path = {{.Dir}}/users
}
{{if .TLS}}ssl = yes
ssl_server_cert_file = {{.Dir}}/cert.pem
ssl_server_key_file = {{.Dir}}/key.pem
{{else}}ssl = no
{{end -}}
{{if .Without}}imap_capability {
{{range .Without}}  {{.}} = no
{{end}}}
{{end -}}
{{else -}}
auth_mechanisms = plain login
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = {{.Dir}}/users
}
userdb {
  driver = passwd-file
  args = {{.Dir}}/users
}
{{if .TLS}}ssl = yes
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
{{else}}ssl = no
{{end -}}
{{if .Without}}imap_capability = {{.Capability}}
{{end -}}
{{end -}}

namespace inbox {
  inbox = yes
  separator = /
{{range .Folders}}  mailbox "{{.}}" {
    auto = create
  }
{{end}}}
{{if .Alone}}namespace commands {
  type = public
  separator = /
  prefix = Commands/
  subscriptions = no
  {{if .V24}}mail_driver = maildir
  mail_path = {{.Dir}}/mail/commands
  mailbox_list_layout = fs
{{else}}location = maildir:{{.Dir}}/mail/commands:LAYOUT=fs
{{end}}}
{{if .V24}}acl_driver = vfile
acl_cache_ttl = 0
protocol imap {
  mail_plugins {
    acl = yes
    imap_acl = yes
  }
}
{{else}}protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile:cache_secs=0
}
{{end}}{{end -}}
`))
