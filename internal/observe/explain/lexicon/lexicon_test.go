package lexicon_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/explain/lexicon"
)

// real are texts as programs printed them, with the first title and a cause that has
// to be among those of the first entry.
var real = []struct{ text, title, cause string }{
	{"40", "alert handshake_failure (40)", "no-common-suite"},
	{"alert 112", "alert unrecognized_name (112)", "unrecognized-name"},
	{"handshake_failure", "alert handshake_failure (40)", "no-common-suite"},
	{"unknown ca", "alert unknown_ca (48)", "issuer-not-trusted"},
	{"certificate_required", "alert certificate_required (116)", "client-certificate-missing"},
	{"36888 40 1205", "internal error state 1205 with alert 40", "no-common-suite"},
	{"36888(40, 1205)", "internal error state 1205 with alert 40", "no-common-suite"},
	{"40 1205", "internal error state 1205 with alert 40", "no-common-suite"},
	{"The following fatal alert was generated: 40. The internal error state is 1205.", "internal error state 1205 with alert 40", "no-common-suite"},
	{"A fatal alert was generated and sent to the remote endpoint. This may result in termination of the connection. The TLS protocol defined fatal error code is 40. The Windows SChannel error state is 1205.", "internal error state 1205 with alert 40", "no-common-suite"},
	{"36874", "event 36874 (error)", "no-common-suite"},
	{"36870 10001", "event 36870 (error)", "key-unusable"},
	{"The following fatal alert was received: 48.", "event 36887 (error)", ""},
	{"SEC_E_UNTRUSTED_ROOT", "SEC_E_UNTRUSTED_ROOT (0x80090325)", "issuer-not-trusted"},
	{"0x80090326", "SEC_E_ILLEGAL_MESSAGE (0x80090326)", "no-common-suite"},
	{"-2146893018", "SEC_E_ILLEGAL_MESSAGE (0x80090326)", "no-common-suite"},
	{"schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012) - The revocation function was unable to check revocation for the certificate.", "CRYPT_E_NO_REVOCATION_CHECK (0x80092012)", "revocation-unknown"},
	{"405B8E37547F0000:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../ssl/record/rec_layer_s3.c:1602:SSL alert number 40", "alert handshake_failure (40)", "no-common-suite"},
	{"curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure", "alert handshake_failure (40)", "no-common-suite"},
	{"curl: (60) SSL certificate problem: unable to get local issuer certificate", "unable to get local issuer certificate", "missing-intermediate"},
	{"curl: (60) SSL: no alternative certificate subject name matches target host name 'localhost'", "curl: (51), no alternative certificate subject name matches", "name-mismatch"},
	{"curl: (35) OpenSSL/3.0.17: error:0A00010B:SSL routines::wrong version number", "wrong version number", "server-speaks-no-tls"},
	{"ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)", "self-signed certificate in certificate chain", "issuer-not-trusted"},
	{"ssl.SSLError: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1006)", "alert unknown_ca (48)", "issuer-not-trusted"},
	{"remote error: tls: handshake failure", "alert handshake_failure (40)", "no-common-suite"},
	{"http: TLS handshake error from 127.0.0.1:5000: remote error: tls: unknown certificate authority", "alert unknown_ca (48)", "issuer-not-trusted"},
	{"tls: failed to verify certificate: x509: certificate is valid for other.example, not localhost", "x509: certificate is valid for X, not Y", "name-mismatch"},
	{"tls: first record does not look like a TLS handshake", "tls: first record does not look like a TLS handshake", "server-speaks-no-tls"},
	{"javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version", "alert protocol_version (70)", "no-common-version"},
	{"sun.security.validator.ValidatorException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target", "PKIX path building failed", "issuer-not-trusted"},
	{"javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites are inappropriate)", "No appropriate protocol", "no-common-version"},
	{"*** Fatal error: A TLS fatal alert has been received.\n*** Received alert [40]: Handshake failed", "alert handshake_failure (40)", "no-common-suite"},
	{"ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "no-common-version"},
	{"net::ERR_CERT_COMMON_NAME_INVALID", "ERR_CERT_COMMON_NAME_INVALID", "name-mismatch"},
	{"SSL_ERROR_HANDSHAKE_FAILURE_ALERT", "alert handshake_failure (40)", "no-common-suite"},
	{"SEC_ERROR_UNKNOWN_ISSUER", "SEC_ERROR_UNKNOWN_ISSUER", "issuer-not-trusted"},
	{"Error: unable to verify the first certificate { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }", "unable to verify the first certificate", "missing-intermediate"},
	{"ERR_TLS_CERT_ALTNAME_INVALID Hostname/IP does not match certificate's altnames", "ERR_TLS_CERT_ALTNAME_INVALID", "name-mismatch"},
	{"The request was aborted: Could not create SSL/TLS secure channel.", "Could not create SSL/TLS secure channel", "no-common-version"},
	{"received fatal alert: HandshakeFailure", "alert handshake_failure (40)", "no-common-suite"},
}

func TestReal(t *testing.T) {
	for _, c := range real {
		found := lexicon.Look(c.text)
		if len(found) == 0 || found[0].Title != c.title || c.cause != "" && !slices.Contains(found[0].Causes, c.cause) {
			t.Errorf("%s\n\twant %s, %s\n\tgot %+v", c.text, c.title, c.cause, found)
		}
	}
}

// TestUnknownStates: what nobody knows is called so.
func TestUnknownStates(t *testing.T) {
	for _, text := range []string{"36888 43 252", "36887 48 552", "36888 10 1207", "The following fatal alert was generated: 80. The internal error state is 808."} {
		unknown := false
		for _, e := range lexicon.Look(text) {
			unknown = unknown || e.Unknown && strings.HasPrefix(e.Title, "internal error state")
		}
		if !unknown {
			t.Errorf("%s: %+v", text, lexicon.Look(text))
		}
	}
}

// TestNothing: words that mean nothing find nothing, and near misses are offered.
func TestNothing(t *testing.T) {
	for _, text := range []string{"", "hello", "300", "the quick brown fox", "9"} {
		if found := lexicon.Look(text); len(found) > 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
	for text, want := range map[string]string{"handshake_failur": "handshake_failure", "unkown_ca": "unknown_ca", "SEC_E_UNTRUSTED_ROT": "SEC_E_UNTRUSTED_ROOT"} {
		if near := lexicon.Near(text); len(near) == 0 || near[0] != want {
			t.Errorf("%s: %v", text, near)
		}
	}
}

// TestCauses: every cause that is named exists.
func TestCauses(t *testing.T) {
	known := map[string]bool{}
	for _, c := range explain.Causes() {
		known[c.ID] = true
	}
	for _, e := range lexicon.All() {
		for _, id := range e.Causes {
			if !known[id] {
				t.Errorf("%s: there is no cause %s", e.Title, id)
			}
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, c := range real {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lexicon.Look(text)
		lexicon.Near(text)
	})
}
