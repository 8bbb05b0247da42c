package mailtest

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"
)

// mainCF keeps mail as it came (no rewriting, no line folding, no conversion),
// looks nothing up in the DNS, and lets no mail out.
var mainCF = template.Must(template.New("main.cf").Parse(`compatibility_level = 3.6
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
maillog_file = {{.Dir}}/log/mail.log
maillog_file_prefixes = {{.Dir}}
myhostname = {{.Host}}
mydomain = {{.Host}}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
mynetworks =
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 no local mailboxes
default_transport = error:5.1.2 this server sends nothing to other hosts
relay_domains =
recipient_delimiter = +
notify_classes =
biff = no

virtual_mailbox_domains = {{.Domains}}
virtual_mailbox_maps = texthash:{{.Dir}}/conf/mailboxes
virtual_transport = lmtp:unix:{{.LMTP}}

header_checks = regexp:{{.Dir}}/conf/headers
mime_header_checks =
nested_header_checks =
local_header_rewrite_clients =
smtputf8_enable = no
disable_mime_output_conversion = yes
lmtp_line_length_limit = 0
lmtp_destination_recipient_limit = 1
header_size_limit = 4194304
message_size_limit = 104857600
mailbox_size_limit = 0

queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
default_destination_concurrency_failed_cohort_limit = 0
in_flow_delay = 0
service_throttle_time = 1s
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 10000
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no

smtp_tls_security_level = none
lmtp_tls_security_level = none
{{if .TLS}}smtpd_tls_security_level = may
smtpd_tls_chain_files = {{.Dir}}/conf/chain.pem
{{else}}smtpd_tls_security_level = none
{{end}}
`))

// masterCF: everything Postfix needs to receive, bounce and deliver by LMTP.
// "local" and "smtp" are left out: nothing can be run and nothing can leave.
var masterCF = template.Must(template.New("master.cf").Parse(`{{.MX}} inet n - n - - smtpd
  -o smtpd_relay_restrictions=reject_unauth_destination
  -o { smtpd_data_restrictions = check_sender_access regexp:{{.Dir}}/conf/results }
{{if .Milters}}  -o { smtpd_milters = {{.Milters}} }
  -o milter_default_action=tempfail
{{end}}{{.Submission}} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path={{.Auth}}
  -o smtpd_sender_login_maps=regexp:{{.Dir}}/conf/senders
  -o { smtpd_client_restrictions = permit_sasl_authenticated, reject }
  -o { smtpd_sender_restrictions = reject_sender_login_mismatch }
  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
  -o { smtpd_recipient_restrictions = check_policy_service inet:{{.Policy}} }
  -o { smtpd_data_restrictions = check_sasl_access regexp:{{.Dir}}/conf/logins }
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`))

// configure writes the configuration and its tables.
func (p *Postfix) configure(d *Dovecot, opt PostfixOptions) {
	p.t.Helper()
	domains := map[string]bool{Gone: true}
	mailboxes := "@" + Gone + " nobody\n"
	var senders, results strings.Builder
	for _, user := range d.users {
		local, domain, _ := strings.Cut(user, "@")
		domains[domain] = true
		mailboxes += user + " mailbox\n"
		fmt.Fprintf(&senders, "/^%s(\\+.*)?@%s$/ %s\n", table(local), table(domain), user)
	}
	var list []string
	for domain := range domains {
		list = append(list, domain)
	}
	// The header checks cannot tell a field that smtpd has put on top from one
	// that came with the mail, so smtpd's own has a name no sender can guess.
	trusted := "X-Trusted-" + rand.Text()
	for from, result := range opt.Results {
		fmt.Fprintf(&results, "/^%s$/ PREPEND %s: %s\n", table(from), trusted, result)
	}
	id := table(AuthservID)
	files := map[string]string{
		"mailboxes": mailboxes,
		"senders":   senders.String(),
		"results":   results.String(),
		"logins":    "/(.+)/ PREPEND " + trusted + ": auth=pass smtp.auth=$1\n",
		"headers": "/^" + trusted + ": (.*)/ REPLACE Authentication-Results: " + AuthservID + "; $1\n" +
			"/^Authentication-Results:[[:space:]]*" + id + "[[:space:]]*([0-9]+[[:space:]]*)?(;|$)/ IGNORE\n",
	}
	if opt.Lax {
		files["headers"] = "/^" + trusted + ": (.*)/ REPLACE Authentication-Results: " + AuthservID + "; $1\n"
	}
	if opt.TLS != nil {
		files["chain.pem"] = string(opt.TLS.Key) + string(opt.TLS.Cert)
	}
	values := map[string]any{
		"Dir": p.dir, "Host": AuthservID, "Domains": strings.Join(list, ", "), "LMTP": d.LMTP, "Auth": d.Auth,
		"MX": p.MX, "Submission": p.Submission, "Policy": p.policy.addr, "TLS": opt.TLS != nil, "Milters": strings.Join(opt.Milters, ", "),
	}
	for _, tmpl := range []*template.Template{mainCF, masterCF} {
		var b strings.Builder
		if err := tmpl.Execute(&b, values); err != nil {
			p.t.Fatal(err)
		}
		files[tmpl.Name()] = b.String()
	}
	// Postfix takes a file written within the last second for one that is still
	// being written, and waits: 2 s at each start.
	old := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, content := range files {
		path := filepath.Join(p.dir, "conf", name)
		write(p.t, path, content)
		if err := os.Chtimes(path, old, old); err != nil {
			p.t.Fatal(err)
		}
	}
}

// table quotes text for a pattern between slashes in a regexp table.
func table(s string) string { return strings.ReplaceAll(regexp.QuoteMeta(s), "/", `\/`) }
