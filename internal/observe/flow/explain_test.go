package flow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
)

// causes are what the captures of known failures are explained with first. Where
// the packets do not settle it, that is said: the confidence.
var causes = map[string]struct {
	id   string
	sure explain.Confidence
}{
	"gen__fail-client-rst-after-certificate.pcap":       {"issuer-not-trusted", explain.Possible},
	"gen__fail-client-tls10-server-tls12.pcap":          {"no-common-version", explain.Known},
	"gen__fail-clienthello-never-acked.pcap":            {"hello-lost", explain.Likely},
	"gen__fail-server-rst-after-clienthello.pcap":       {"reset-after-hello", explain.Likely},
	"gen__fail-server-tls10-only.pcap":                  {"no-common-version", explain.Known},
	"gen__fail-smtp-starttls-refused.pcap":              {"starttls-refused", explain.Known},
	"gen__fail-tls-to-smtp-server.pcap":                 {"server-speaks-no-tls", explain.Known},
	"gen__fail-tls-to-ssh-server.pcap":                  {"server-speaks-no-tls", explain.Known},
	"gen__fail-tls12-alpn-mismatch.pcap":                {"no-common-alpn", explain.Known},
	"gen__fail-tls12-client-cert-missing.pcap":          {"client-certificate-missing", explain.Likely},
	"gen__fail-tls12-missing-intermediate.pcap":         {"certificate-not-yet-valid", explain.Possible}, // the capture's clock is months behind: so it is
	"gen__fail-tls12-not-yet-valid-cert.pcap":           {"certificate-not-yet-valid", explain.Likely},
	"gen__fail-tls12-server-internal-error.pcap":        {"server-configuration", explain.Likely},
	"gen__fail-tls12-unknown-ca.pcap":                   {"issuer-not-trusted", explain.Possible}, // or the client's clock: Go says bad_certificate of everything,
	"gen__fail-tls12-wrong-name.pcap":                   {"name-mismatch", explain.Likely},
	"gen__fail-tls13-alpn-mismatch.pcap":                {"no-common-alpn", explain.Known},
	"gen__fail-tls13-client-cert-missing.pcap":          {"client-certificate-missing", explain.Likely},
	"gen__fail-tls13-client-cert-untrusted.pcap":        {"client-certificate-refused", explain.Likely},
	"gen__fail-tls13-ech-rejected.pcap":                 {"ech-rejected", explain.Likely},
	"gen__fail-tls13-no-shared-group.pcap":              {"no-common-group", explain.Likely},
	"gen__fail-tls13-not-yet-valid-cert.pcap":           {"certificate-refused", explain.Likely},
	"gen__fail-tls13-server-internal-error.pcap":        {"server-configuration", explain.Likely},
	"gen__fail-tls13-unknown-ca.pcap":                   {"certificate-refused", explain.Likely},
	"gen__fail-tls13-wrong-name.pcap":                   {"certificate-refused", explain.Likely},
	"gen__bad-bad-record-mac.pcap":                      {"record-altered", explain.Known},
	"gen__bad-certificate-truncated.pcap":               {"malformed-message", explain.Likely},
	"gen__bad-clienthello-cut-by-fin.pcap":              {"hello-cut", explain.Likely},
	"gen__bad-decrypt-error.pcap":                       {"proof-wrong", explain.Known},
	"gen__bad-duplicate-extension.pcap":                 {"malformed-message", explain.Known},
	"gen__bad-early-ccs.pcap":                           {"malformed-message", explain.Likely},
	"gen__bad-handshake-16mb.pcap":                      {"malformed-message", explain.Likely},
	"gen__bad-record-too-long.pcap":                     {"malformed-message", explain.Likely},
	"gen__bad-record-version-9.pcap":                    {"malformed-message", explain.Likely},
	"gen__bad-trailing-bytes.pcap":                      {"malformed-message", explain.Likely},
	"gen__bad-unknown-content-type.pcap":                {"malformed-message", explain.Likely},
	"gen__odd-sslv2-compatible-clienthello.pcap":        {"no-common-version", explain.Known},
	"ossl__ssl3-client-tls-only-server.pcap":            {"old-hello", explain.Likely},
	"ossl__tls12-client-verify-return-error.pcap":       {"issuer-not-trusted", explain.Possible}, // or a list of revoked certificates that it misses,
	"ossl__tls12-hostname-mismatch.pcap":                {"name-mismatch", explain.Possible},      // it is not the name of the server_name,
	"ossl__tls12-server-sni-fatal.pcap":                 {"unrecognized-name", explain.Known},
	"ossl__tls13-client-verify-return-error.pcap":       {"chain-not-trusted", explain.Likely},
	"suricata-verify__smtp-tls-protodetect__input.pcap": {"server-speaks-no-tls", explain.Known},
	"zeek__certificate-request-failed.pcap":             {"client-certificate-missing", explain.Likely},
	"zeek__https-to-http.pcap":                          {"server-speaks-no-tls", explain.Known},
}

// withKeys are the causes of captures that have a key log, once it is used.
var withKeys = map[string]string{
	"gen__fail-tls13-client-cert-missing.pcap": "client-certificate-missing", "gen__fail-tls13-client-cert-untrusted.pcap": "client-certificate-untrusted",
	"gen__fail-tls13-ech-rejected.pcap": "ech-rejected", "gen__fail-tls13-not-yet-valid-cert.pcap": "certificate-not-yet-valid",
	"gen__fail-tls13-unknown-ca.pcap": "issuer-not-trusted", "gen__fail-tls13-wrong-name.pcap": "name-mismatch",
}

// TestCauses explains the captures of known failures.
func TestCauses(t *testing.T) {
	if _, err := os.Stat(captures); err != nil {
		t.Skip("there are no captures here:", err)
	}
	for name, want := range causes {
		found := firstCause(t, name, flow.Options{})
		if len(found) == 0 || found[0].ID != want.id || found[0].Confidence != want.sure {
			t.Errorf("%s: want %s, %s\n%+v", name, want.id, want.sure, found)
		}
	}
	for name, want := range withKeys {
		b, err := os.ReadFile(filepath.Join(captures, name+".keys"))
		if err != nil {
			t.Fatal(err)
		}
		log := new(flow.KeyLog)
		log.Add(b)
		if found := firstCause(t, name, flow.Options{Keys: &flow.Keys{Log: log}}); len(found) == 0 || found[0].ID != want {
			t.Errorf("%s with its keys: want %s\n%+v", name, want, found)
		}
	}
}

// firstCause explains the failed connection of a capture.
func firstCause(t *testing.T, name string, o flow.Options) []explain.Finding {
	for _, s := range followWith(filepath.Join(captures, name), o) {
		if s.Failed() {
			return explain.Explain(s.Case())
		}
	}
	t.Errorf("%s: nothing has failed", name)
	return nil
}

// TestTrees: the trees of all messages in all captures are in order.
func TestTrees(t *testing.T) {
	all, _ := filepath.Glob(filepath.Join(captures, "*.pcap*"))
	if len(all) == 0 {
		t.Skip("there are no captures here")
	}
	for _, name := range all {
		if filepath.Ext(name) == ".keys" {
			continue
		}
		for _, s := range followWith(name, flow.Options{}) {
			read(t, s)
		}
	}
}

// TestNothingToExplain: of a capture in which all went well nothing is explained
// with confidence.
func TestNothingToExplain(t *testing.T) {
	all, _ := filepath.Glob(filepath.Join(captures, "gen__ok-*.pcap*"))
	if len(all) == 0 {
		t.Skip("there are no captures here")
	}
	for _, name := range all {
		if filepath.Ext(name) == ".keys" {
			continue
		}
		for _, s := range followWith(name, flow.Options{}) {
			for _, f := range explain.Explain(s.Case()) {
				if f.Confidence != explain.Possible {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
	}
}
