package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// A setting is a flag of a binding, or of a site, and the key of handsel.yaml
// that it stands for.
type setting struct {
	flag, key string
	kind      settingKind
	usage     string
}

type settingKind uint8

const (
	textSetting   settingKind = iota
	listSetting               // given several times, or with commas
	boolSetting               // alone, or with =false
	numberSetting             //
	pathSetting               // a file or folder: the server is told its absolute path
	pathsSetting              // several
	keysSetting               // files, or hashes of keys
	placesSetting             // files, or URLs
)

var bindSettings = []setting{
	{"cert", "certificates", listSetting, "certificate: thumbprint or how it begins, host name, local-ca or acme; several are chosen from by what the client can verify"},
	{"site", "site", textSetting, "site for requests whose Host leads to none"},
	{"central", "central", pathSetting, "folder in which ccs=PORT finds certificates by name: www.example.com.pfx, _.example.com.pfx"},
	{"central-password-file", "central_password_file", pathSetting, "file with the password of encrypted certificates in that folder"},
	{"policy", "policy", textSetting, "modern, compatible, legacy or museum"},
	{"min-version", "min_version", textSetting, "lowest version, such as 1.2"},
	{"max-version", "max_version", textSetting, "highest version"},
	{"suite", "suites", listSetting, "cipher suites of TLS 1.2 and below, the most wanted first"},
	{"client-auth", "client_auth", textSetting, "ask clients for a certificate: none, request or require"},
	{"client-ca", "client_cas", pathsSetting, "PEM files of authorities whose certificates of clients are accepted"},
	{"client-key", "client_keys", keysSetting, "raw public keys of clients: PEM files or SHA-256"},
	{"client-revocation", "client_revocation", textSetting, "whether certificates of clients were revoked: none, best_effort or strict"},
	{"client-crl", "client_crls", placesSetting, "files and addresses of lists of revoked certificates (CRLs)"},
	{"client-revocation-cached", "client_revocation_cached", boolSetting, "fetch nothing to find that out"},
	{"client-revocation-freshness", "client_revocation_freshness", numberSetting, "how old fetched lists may be, in seconds; 0: as old as they say"},
	{"client-revocation-timeout", "client_revocation_timeout", numberSetting, "how long clients may wait for that, in milliseconds"},
	{"client-usage-check", "client_usage_check", boolSetting, "certificates of clients have to be for clients (on by itself)"},
	{"client-auth-path", "client_auth_paths", listSetting, "ask for the certificate with a request for one of these paths only"},
	{"raw-key", "raw_key", pathSetting, "PEM file of a key that is shown without a certificate"},
	{"psk-file", "psk_file", pathSetting, "file of pre-shared keys"},
	{"psk-hint", "psk_hint", textSetting, "hint for clients that have several pre-shared keys"},
	{"http2", "http2", boolSetting, "HTTP/2 (on by itself; --http2=false)"},
	{"tickets", "tickets", boolSetting, "session tickets (on by itself)"},
	{"stapling", "stapling", boolSetting, "OCSP responses for clients that ask (on by itself)"},
	{"certificate-compression", "certificate_compression", boolSetting, "compressed certificates (on by itself)"},
	{"renegotiation", "renegotiation", boolSetting, "clients may begin another handshake (TLS 1.2 and below)"},
	{"record-size-limit", "record_size_limit", numberSetting, "longest record that clients may send, in bytes"},
	{"early-data", "early_data", boolSetting, "requests before the handshake is complete (0-RTT)"},
	{"ssl2", "ssl2", boolSetting, "SSL 2.0 and nothing else"},
	{"reject", "reject", boolSetting, "turn connections away"},
}

// addSettings gives a command the flags of settings.
func addSettings(c *cobra.Command, list []setting) {
	f := c.Flags()
	for _, s := range list {
		switch s.kind {
		case listSetting, pathsSetting, keysSetting, placesSetting:
			f.StringSlice(s.flag, nil, s.usage)
		case boolSetting:
			f.Var(&switchValue{}, s.flag, s.usage)
			f.Lookup(s.flag).NoOptDefVal = "true"
		case numberSetting:
			f.Var(&numberValue{}, s.flag, s.usage)
		default:
			f.String(s.flag, "", s.usage)
		}
	}
}

// settingsOf gives what was said in flags, as handsel.yaml has it. What was said
// to be empty is null: it is to be what it is by itself.
func (a *admins) settingsOf(flags *pflag.FlagSet, list []setting) (map[string]any, error) {
	said := map[string]any{}
	for _, s := range list {
		if !flags.Changed(s.flag) {
			continue
		}
		var value any
		var err error
		switch s.kind {
		case boolSetting:
			if on := flags.Lookup(s.flag).Value.(*switchValue).on; on != nil {
				value = *on
			}
		case numberSetting:
			if n := flags.Lookup(s.flag).Value.(*numberValue).n; n != nil {
				value = *n
			}
		case listSetting, pathsSetting, keysSetting, placesSetting:
			value, err = a.listOf(flags, s)
		default:
			value, err = a.textOf(flags, s)
		}
		if err != nil {
			return nil, err
		}
		said[s.key] = value
	}
	return said, nil
}

// A switchValue is a flag that is true, false, or, if it is empty, what it is by
// itself.
type switchValue struct{ on *bool }

func (v *switchValue) Type() string { return "bool" }

func (v *switchValue) String() string {
	if v.on == nil {
		return ""
	}
	return strconv.FormatBool(*v.on)
}

// Set reads a value.
func (v *switchValue) Set(text string) error {
	v.on = nil
	if text == "" {
		return nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q: write true or false", text)
	}
	v.on = &on
	return nil
}

// A numberValue is a flag with a number, or, if it is empty, with what it is by
// itself.
type numberValue struct{ n *uint32 }

func (v *numberValue) Type() string { return "number" }

func (v *numberValue) String() string {
	if v.n == nil {
		return ""
	}
	return strconv.FormatUint(uint64(*v.n), 10)
}

// Set reads a value.
func (v *numberValue) Set(text string) error {
	v.n = nil
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is no number", text)
	}
	whole := uint32(n)
	v.n = &whole
	return nil
}

func (a *admins) textOf(flags *pflag.FlagSet, s setting) (any, error) {
	text, err := flags.GetString(s.flag)
	if err != nil || text == "" {
		return nil, err
	}
	if s.kind == pathSetting {
		return a.file(text)
	}
	return text, nil
}

func (a *admins) listOf(flags *pflag.FlagSet, s setting) (any, error) {
	list, err := flags.GetStringSlice(s.flag)
	if err != nil || len(list) == 0 || len(list) == 1 && list[0] == "" {
		return nil, err
	}
	for i, text := range list {
		if s.kind == listSetting || s.kind == keysSetting && certs.IsKeyHash(text) || s.kind == placesSetting && strings.Contains(text, "://") {
			continue
		}
		if list[i], err = a.file(text); err != nil {
			return nil, fmt.Errorf("--%s: %w", s.flag, err)
		}
	}
	return list, nil
}
