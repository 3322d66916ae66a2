package lexicon

import (
	"regexp"
	"strconv"
	"strings"
)

// A numbering is a set of error numbers that programs print in place of names.
type numbering struct {
	pattern *regexp.Regexp
	names   map[string]string // by the number as it is written, in lower case
}

// numberings have the numbers of Apple's systems, of NSS, mbedTLS and wolfSSL. Each is
// taken only where the words beside it say whose number it is.
var numberings = []numbering{
	{regexp.MustCompile(`(?:nsurlerror|cfnetwork|urlsession|ios|safari)[^0-9]{0,40}(-120\d)\b`), map[string]string{
		"-1200": "nsurlerrorsecureconnectionfailed", "-1201": "nsurlerrorservercertificatehasbaddate", "-1202": "nsurlerrorservercertificateuntrusted",
		"-1203": "nsurlerrorservercertificatehasunknownroot", "-1204": "nsurlerrorservercertificatenotyetvalid", "-1205": "nsurlerrorclientcertificaterejected", "-1206": "nsurlerrorclientcertificaterequired",
	}},
	{regexp.MustCompile(`(?:ssl|cfnetwork|stream|osstatus|secure ?transport)[^0-9]{0,40}(-98\d\d)\b`), map[string]string{
		"-9800": "errsslprotocol", "-9801": "errsslnegotiation", "-9802": "errsslfatalalert", "-9805": "errsslclosedgraceful", "-9806": "errsslclosedabort",
		"-9807": "errsslxcertchaininvalid", "-9808": "errsslbadcert", "-9809": "errsslcrypto", "-9812": "errsslunknownrootcert", "-9813": "errsslnorootcert", "-9814": "errsslcertexpired",
		"-9815": "errsslcertnotyetvalid", "-9816": "errsslclosednonotify", "-9824": "errsslpeerhandshakefail", "-9825": "errsslpeerbadcert", "-9831": "errsslpeerunknownca",
		"-9836": "errsslpeerprotocolversion", "-9843": "errsslhostnamemismatch", "-9844": "errsslconnectionrefused", "-9845": "errssldecryptionfail", "-9846": "errsslbadrecordmac", "-9847": "errsslrecordoverflow",
	}},
	{regexp.MustCompile(`(?:nss|ssl|pr|sec)[_ ]error[^0-9]{0,8}(-\d{4,5})\b`), map[string]string{
		"-12286": "ssl_error_no_cypher_overlap", "-12276": "ssl_error_bad_cert_domain", "-12263": "ssl_error_rx_record_too_long", "-12227": "ssl_error_handshake_failure_alert", "-12195": "ssl_error_unknown_ca_alert",
		"-12271": "ssl_error_bad_cert_alert", "-12273": "ssl_error_bad_mac_read", "-12190": "ssl_error_protocol_version_alert", "-12269": "ssl_error_expired_cert_alert",
		"-5938": "pr_end_of_file_error", "-5961": "pr_connect_reset_error", "-8179": "sec_error_unknown_issuer", "-8172": "sec_error_untrusted_issuer", "-8181": "sec_error_expired_certificate", "-8180": "sec_error_revoked_certificate",
	}},
	{regexp.MustCompile(`(?:ssl|tls|returned|error|^)[^0-9]{0,24}-(0x[0-9a-f]{2,4})\b`), map[string]string{
		"0x2700": "mbedtls_err_x509_cert_verify_failed", "0x7200": "mbedtls_err_ssl_invalid_record", "0x7280": "mbedtls_err_ssl_conn_eof", "0x50": "mbedtls_err_net_conn_reset",
		"0x6e80": "mbedtls_err_ssl_bad_protocol_version", "0x7780": "mbedtls_err_ssl_fatal_alert_message", "0x7880": "mbedtls_err_ssl_peer_close_notify", "0x7180": "mbedtls_err_ssl_invalid_mac", "0x44": "mbedtls_err_net_connect_failed",
	}},
	{regexp.MustCompile(`wolfssl.{0,60}?(-\d{3})\b`), map[string]string{
		"-155": "asn sig error", "-188": "asn no signer error", "-150": "asn date error, current date before", "-151": "asn date error, current date after", "-313": "received alert fatal error",
		"-322": "peer subject name mismatch", "-501": "can't match cipher suite", "-326": "record layer version error", "-308": "error state on socket",
	}},
	{regexp.MustCompile(`curl(?:error|:)?[ a-z]{0,24}(?:code|error|errno|status|exited with|rc)[ :=(]{0,3}(\d{1,2})\b`), nil},
	{regexp.MustCompile(`(?:winhttp|wininet|internet|secure|error)[^0-9]{0,12}\b(12\d{3})\b`), nil},
	{regexp.MustCompile(`^\W*(12\d{3})\b`), nil},
}

// spelled gives a text with the names of the error numbers in it added.
func spelled(text string) string {
	all := []string{text}
	for _, n := range numberings {
		for _, m := range n.pattern.FindAllStringSubmatch(text, 4) {
			switch number := m[1]; {
			case n.names != nil:
				if name := n.names[number]; name != "" {
					all = append(all, name)
				}
			case len(number) == 5: // WinHTTP and WinINet have them in a code of Windows as well
				all = append(all, "0x8007"+strconv.FormatInt(int64(atoi(number)), 16))
			default:
				all = append(all, "curl: ("+number+")")
			}
		}
	}
	return strings.Join(all, " ")
}
