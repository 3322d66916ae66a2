package lexicon

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

type event struct {
	level, means string
	causes       []string
	find         string
}

// eventTable has the events of Schannel (log System, source Schannel).
var eventTable = map[int]event{
	36864: {"information", "The security package was loaded.", nil, ""},
	36865: {"error", "A cryptographic module of the system could not be opened.", []string{"server-failed"}, ""},
	36866: {"error", "The security package could not be loaded.", []string{"server-failed"}, ""},
	36867: {"information", "A credential for TLS is being made, for a client or a server.", nil, ""},
	36868: {"information", "What the private key of a credential is like.", nil, ""},
	36869: {"error", "The certificate of a credential has no private key: it was imported without one, or a backup or a request went wrong.", []string{"key-unusable"}, "certutil -store my; import the certificate again with its key"},
	36870: {"error", "The private key of a credential could not be used. With internal error state 10001 and 0x8009030D: the account may not read the key, or the key is of a kind for signatures or encryption only (KeySpec).", []string{"key-unusable"}, "certutil -repairstore my THUMBPRINT; the rights on the folder MachineKeys"},
	36871: {"error", "A credential for TLS could not be made. With internal error state 10013: no protocol version is left, because a program asks only for those that are switched off.", []string{"no-common-version", "key-unusable"}, ".NET: SystemDefaultTlsVersions and SchUseStrongCrypto; the Protocols keys of SCHANNEL"},
	36872: {"error", "The chain of a certificate could not be had.", []string{"missing-intermediate"}, ""},
	36873: {"error", "A client has no cipher suite left that it may use.", []string{"no-common-suite"}, "Get-TlsCipherSuite"},
	36874: {"error", "A client came none of whose cipher suites the server takes. 36888 with alert 40 and state 1205 comes with it.", []string{"no-common-suite", "no-suite-for-certificate"}, "compare the client's ClientHello with Get-TlsCipherSuite; a certificate of one kind of key rules out the suites of the other"},
	36875: {"warning", "The server asks for a certificate, and no certificate of this client fits: it goes on without one.", []string{"client-certificate-missing"}, "does the certificate have a private key and extendedKeyUsage clientAuth, and is its issuer in the server's list?"},
	36876: {"error", "A server's certificate did not verify.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired"}, "certutil -verify -urlfetch cert.cer"},
	36877: {"warning", "A client's certificate did not verify.", []string{"client-certificate-untrusted", "client-certificate-expired", "client-certificate-refused"}, "certutil -verify -urlfetch cert.cer"},
	36878: {"warning", "A client's certificate cannot be mapped to an account directly.", nil, ""},
	36879: {"warning", "A client's certificate was not mapped to an account: not by itself a failure.", nil, ""},
	36880: {"information", "A handshake was complete, with version, suite and strength.", nil, ""},
	36881: {"error", "A server's certificate has expired, or is not valid yet.", []string{"certificate-expired", "certificate-not-yet-valid"}, ""},
	36882: {"error", "A server's certificate was issued by an authority that is not trusted here.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, ""},
	36883: {"error", "A server's certificate was revoked.", []string{"certificate-revoked"}, ""},
	36884: {"error", "A server's certificate is not for the name that was asked for.", []string{"name-mismatch"}, ""},
	36885: {"warning", "The list of authorities for clients' certificates is too long and was cut off: clients may not find their own issuer in it and send none.", []string{"client-certificate-missing", "client-certificate-issuer"}, "SendTrustedIssuerList=0, or fewer authorities in the store"},
	36886: {"warning", "The system has no certificate of its own to serve with. It matters for LDAPS and the like, not for IIS.", nil, ""},
	36887: {"error", "The peer has sent a fatal alert; its number says which.", nil, "look the alert up: handsel explain NUMBER"},
	36888: {"error", "This side has sent a fatal alert; its number says which, the internal error state where in Schannel.", nil, "look the alert up: handsel explain NUMBER"},
	36889: {"error", "The chain of a certificate is not whole: an intermediate certificate is missing.", []string{"missing-intermediate"}, "certutil -addstore CA intermediate.cer"},
	36896: {"warning", "DTLS: a packet did not verify, and was dropped. Not a failure by itself.", nil, ""},
	36897: {"warning", "DTLS: a packet outside the window was dropped. Not a failure by itself.", nil, ""},
	36898: {"information", "DTLS: a packet came twice, and was dropped.", nil, ""},
	36899: {"information", "DTLS: messages of the handshake were asked for again.", nil, ""},
	36912: {"information", "The key for session tickets was not found in its place.", nil, ""},
	15021: {"error", "HTTP.SYS (source HttpEvent): the certificate of a binding cannot be used. Connections to it are reset.", []string{"reset-after-hello", "key-unusable"}, "netsh http show sslcert; import the certificate again with its key and bind it"},
}

// A state is an internal error state, for an alert or an event; 0: for any.
type state struct {
	event, alert int
	means        string
	causes       []string
}

// states are those internal error states for which there is evidence. Nobody has
// published a list of them.
var states = map[int][]state{
	1205:  {{0, 40, "No cipher suite in common: it always comes with event 36874.", []string{"no-common-suite", "no-suite-for-certificate"}}},
	1204:  {{0, 40, "No cipher suite in common, on older systems; or the key of the certificate is in a provider that cannot use it, which rules the suites of RSA out.", []string{"no-common-suite", "key-unusable"}}},
	1203:  {{0, 10, "The first bytes were no ClientHello: plain HTTP, a scanner, or a hello that is too old.", []string{"http-to-tls-port", "client-speaks-no-tls", "old-hello"}}},
	10:    {{0, 10, "The first bytes were no ClientHello, as with 1203; mostly probes from the network.", []string{"client-speaks-no-tls", "http-to-tls-port"}}},
	105:   {{0, 70, "The client's version is not enabled.", []string{"no-common-version"}}},
	960:   {{0, 20, "A record could not be decrypted. Known with DHE_RSA suites between certain stacks: put ECDHE before DHE.", []string{"record-altered"}}},
	10001: {{36870, 0, "The private key cannot be used: rights, or a KeySpec that does not allow it (with 0x8009030D).", []string{"key-unusable"}}},
	10013: {{36871, 0, "No protocol version is left for the credential: the program asks only for those that are switched off.", []string{"no-common-version"}}},
}

var (
	eventNumber = regexp.MustCompile(`\b(3686[4-9]|368[789]\d|36912|15021)\b`)
	stateNumber = regexp.MustCompile(`(?:error ?state(?: is)?|state)[^0-9]{0,4}(\d{1,5})`)
	alertNumber = regexp.MustCompile(`(?:alertdesc|alert code|fatal alert was (?:generated|received)|fatal error code is|alert)[^0-9]{0,4}(\d{1,3})\b`)
	triple      = regexp.MustCompile(`(?:^|[^0-9.])(368[678]\d)[ ,;/(]+(\d{1,3})(?:[ ,;/]+(\d{1,5}))?\)?$`)
	pair        = regexp.MustCompile(`^\(?(\d{1,3})[ ,;/]+(\d{2,5})\)?$`)
)

// events takes an event of Schannel: its number with alert and state, a pair of
// alert and state, or the text of one.
func events(text string) (found []Entry) {
	id, alert, st := 0, 0, 0
	switch {
	case triple.MatchString(text):
		m := triple.FindStringSubmatch(text)
		id, alert, st = atoi(m[1]), atoi(m[2]), atoi(m[3])
	case pair.MatchString(text):
		m := pair.FindStringSubmatch(text)
		id, alert, st = 36888, atoi(m[1]), atoi(m[2])
	default:
		if m := eventNumber.FindStringSubmatch(text); m != nil {
			id = atoi(m[1])
		}
		switch {
		case id != 0:
		case strings.Contains(text, "fatal alert was generated"):
			id = 36888
		case strings.Contains(text, "fatal alert was received"):
			id = 36887
		}
		if m := alertNumber.FindStringSubmatch(text); m != nil {
			alert = atoi(m[1])
		}
		if m := stateNumber.FindStringSubmatch(text); m != nil {
			st = atoi(m[1])
		} else if n := atoi(text); id == 0 && n > 255 && states[n] != nil {
			st = n
		}
	}
	if e, ok := eventTable[id]; ok {
		entry := Entry{
			Title: "event " + strconv.Itoa(id) + " (" + e.level + ")", SaidBy: "Windows, log System, source Schannel", Means: e.means, Causes: e.causes, Find: e.find, weight: 200,
		}
		if id == 15021 {
			entry.SaidBy = "Windows, source HttpEvent"
		}
		found = append(found, entry)
	}
	if st != 0 {
		found = append(found, stateEntry(id, alert, st))
	}
	if (id == 36887 || id == 36888) && alert != 0 {
		found = append(found, alertEntry(alert, 190)...)
	}
	return found
}

// stateEntry says what is known of an internal error state. Without evidence it is
// called unknown: much that can be read about them was made up.
func stateEntry(id, alert, st int) Entry {
	e := Entry{Title: "internal error state " + strconv.Itoa(st), SaidBy: "Schannel, in events 36870, 36871 and 36888", weight: 210}
	if alert != 0 {
		e.Title += " with alert " + strconv.Itoa(alert)
	}
	for _, s := range states[st] {
		if (s.alert == 0 || alert == 0 || s.alert == alert) && (s.event == 0 || id == 0 || s.event == id) {
			e.Means, e.Causes = s.means, s.causes
			if alert == 0 && s.alert != 0 {
				e.Title += " (with alert " + iana.Alert(s.alert).String() + ")"
			}
			return e
		}
	}
	e.Unknown = true
	e.Means = "There is no evidence of what this state means: no list of them was ever published, and the pages that explain it contradict each other. Go by the alert, and by what was on the wire."
	e.Find = "a capture at the moment of the event: handsel trace --failed FILE"
	e.weight = 100
	return e
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

type code struct {
	number uint32
	means  string
	causes []string
}

// codeTable has the codes of Windows for what goes wrong with TLS.
var codeTable = map[string]code{
	"SEC_E_UNSUPPORTED_FUNCTION":          {0x80090302, "The peer has sent protocol_version: the two have no version in common.", []string{"no-common-version"}},
	"SEC_E_INTERNAL_ERROR":                {0x80090304, "The peer has sent internal_error, or Schannel made a mistake of its own.", []string{"server-failed", "server-configuration"}},
	"SEC_E_INVALID_TOKEN":                 {0x80090308, "What came is no TLS: the peer speaks something else, such as plain HTTP.", []string{"server-speaks-no-tls", "client-speaks-no-tls"}},
	"SEC_E_LOGON_DENIED":                  {0x8009030C, "The peer has sent access_denied.", []string{"server-policy", "client-certificate-refused"}},
	"SEC_E_UNKNOWN_CREDENTIALS":           {0x8009030D, "The credential cannot be used: mostly a private key that the account may not read.", []string{"key-unusable"}},
	"SEC_E_NO_CREDENTIALS":                {0x8009030E, "There is no credential: no certificate, or none with a private key.", []string{"key-unusable", "server-certificate-unavailable"}},
	"SEC_E_MESSAGE_ALTERED":               {0x8009030F, "A record could not be decrypted: it was changed, or the keys differ.", []string{"record-altered"}},
	"SEC_I_CONTEXT_EXPIRED":               {0x00090317, "Not an error: the peer has closed the connection with close_notify.", nil},
	"SEC_I_INCOMPLETE_CREDENTIALS":        {0x00090320, "Not an error by itself: the server asks for a certificate, and none was named.", []string{"client-certificate-missing"}},
	"SEC_I_RENEGOTIATE":                   {0x00090321, "Not an error: the peer wants another handshake on the connection.", []string{"renegotiation-refused"}},
	"SEC_E_WRONG_PRINCIPAL":               {0x80090322, "The certificate is not for the name that was asked for.", []string{"name-mismatch"}},
	"SEC_E_UNTRUSTED_ROOT":                {0x80090325, "The certificate was issued by an authority that is not trusted here; or the peer says so of ours.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed", "client-certificate-untrusted"}},
	"SEC_E_ILLEGAL_MESSAGE":               {0x80090326, "What came was not expected, or the peer has sent an alert that Schannel has no code of its own for: handshake_failure above all.", []string{"no-common-suite", "no-common-version", "no-common-group", "malformed-message"}},
	"SEC_E_CERT_UNKNOWN":                  {0x80090327, "A certificate could not be worked with, or the peer has sent bad_certificate, unsupported_certificate or certificate_unknown.", []string{"certificate-refused", "client-certificate-refused"}},
	"SEC_E_CERT_EXPIRED":                  {0x80090328, "The certificate has expired, or is not valid yet.", []string{"certificate-expired", "certificate-not-yet-valid", "client-certificate-expired"}},
	"SEC_E_DECRYPT_FAILURE":               {0x80090330, "Something could not be decrypted or verified; the peer may have sent decrypt_error.", []string{"proof-wrong", "record-altered"}},
	"SEC_E_ALGORITHM_MISMATCH":            {0x80090331, "No cipher suite or version in common, found on this side.", []string{"no-common-suite", "no-common-version", "no-common-group"}},
	"SEC_E_UNFINISHED_CONTEXT_DELETED":    {0x80090333, "The handshake was broken off.", []string{"canceled", "client-gave-up"}},
	"SEC_E_CERT_WRONG_USAGE":              {0x80090349, "The certificate is not for this purpose (extendedKeyUsage).", []string{"wrong-purpose"}},
	"SEC_E_APPLICATION_PROTOCOL_MISMATCH": {0x80090367, "No application protocol (ALPN) in common.", []string{"no-common-alpn"}},
	"SEC_E_INCOMPLETE_MESSAGE":            {0x80090318, "Not an error by itself: a record is not whole yet, and more has to be read.", []string{"server-closed"}},
	"SEC_E_NO_IMPERSONATION":              {0x8009030B, "The program may not act for its user here.", []string{"key-unusable"}},
	"TRUST_E_CERT_SIGNATURE":              {0x80096004, "The signature of a certificate does not verify.", []string{"certificate-altered"}},
	"CERT_E_VALIDITYPERIODNESTING":        {0x800B0102, "The validity of a certificate is not within that of its issuer.", []string{"certificate-expired"}},
	"CERT_E_REVOKED":                      {0x800B010C, "A certificate of the chain was revoked.", []string{"certificate-revoked"}},
	"CERT_E_INVALID_NAME":                 {0x800B0114, "The name is not one that the authority may issue for.", []string{"constraints-violated"}},
	"STATUS_CONNECTION_RESET":             {0xC000020D, "The connection was reset.", []string{"reset-after-hello"}},
	"WININET_E_SECURITY_CHANNEL_ERROR":    {0x80072F7D, "The handshake failed, mostly because the program asks only for old versions.", []string{"no-common-version", "no-common-suite"}},
	"WININET_E_DECODING_FAILED":           {0x80072F8F, "The server's certificate did not verify: often because the clock is wrong.", []string{"issuer-not-trusted", "certificate-expired", "client-clock", "name-mismatch"}},
	"CRYPT_E_REVOKED":                     {0x80092010, "The certificate was revoked.", []string{"certificate-revoked"}},
	"CRYPT_E_NO_REVOCATION_CHECK":         {0x80092012, "Whether the certificate was revoked could not be found out: it names no place to ask.", []string{"revocation-unknown"}},
	"CRYPT_E_REVOCATION_OFFLINE":          {0x80092013, "Whether the certificate was revoked could not be found out: the place to ask cannot be reached, mostly because of a proxy. git and curl: --ssl-no-revoke, or http.schannelCheckRevoke=false.", []string{"revocation-unknown"}},
	"CERT_E_EXPIRED":                      {0x800B0101, "A certificate of the chain has expired, or is not valid yet.", []string{"certificate-expired", "certificate-not-yet-valid"}},
	"CERT_E_UNTRUSTEDROOT":                {0x800B0109, "The chain ends at a root that is not trusted here.", []string{"issuer-not-trusted", "self-signed"}},
	"CERT_E_CHAINING":                     {0x800B010A, "The chain cannot be put together: an intermediate certificate is missing.", []string{"missing-intermediate"}},
	"CERT_E_CN_NO_MATCH":                  {0x800B010F, "The certificate is not for the name.", []string{"name-mismatch"}},
	"SEC_E_INSUFFICIENT_MEMORY":           {0x80090300, "There was no memory left.", []string{"server-failed", "client-failed"}},
	"SEC_E_NO_AUTHENTICATING_AUTHORITY":   {0x80090311, "The name could not be asked about; in TLS it is mostly a program that asks only for versions that are switched off.", []string{"no-common-version", "client-failed"}},
	"SEC_E_INCOMPLETE_CREDENTIALS":        {0x80090320, "The server asks for a certificate, and none was named.", []string{"client-certificate-missing"}},
	"SEC_E_CRYPTO_SYSTEM_INVALID":         {0x80090337, "The suite or its key cannot be used on this system.", []string{"no-common-suite", "key-unusable"}},
	"SEC_E_ISSUING_CA_UNTRUSTED":          {0x80090352, "The authority that issued the certificate, of a smart card mostly, is not trusted here.", []string{"client-certificate-untrusted", "issuer-not-trusted"}},
	"NTE_PERM":                            {0x80090010, "The account may not use the private key.", []string{"key-unusable"}},
	"NTE_BAD_KEYSET":                      {0x80090016, "The private key is not there, or the account may not read it.", []string{"key-unusable"}},
	"CRYPT_E_NOT_FOUND":                   {0x80092004, "A certificate, or its private key, is not in the store.", []string{"key-unusable", "server-certificate-unavailable"}},
	"CERT_E_ROLE":                         {0x800B0103, "A certificate that is no authority's stands in the place of one, or the other way round.", []string{"constraints-violated"}},
	"CERT_E_PATHLENCONST":                 {0x800B0104, "An authority allows fewer others below it than there are.", []string{"constraints-violated"}},
	"CERT_E_CRITICAL":                     {0x800B0105, "A certificate has an extension that is marked critical and that is not known here.", []string{"critical-extension"}},
	"CERT_E_PURPOSE":                      {0x800B0106, "The certificate is not for this purpose.", []string{"wrong-purpose"}},
	"CERT_E_UNTRUSTEDTESTROOT":            {0x800B010D, "The chain ends at a root for tests, which is not trusted.", []string{"issuer-not-trusted"}},
	"CERT_E_REVOCATION_FAILURE":           {0x800B010E, "Whether a certificate was revoked could not be found out.", []string{"revocation-unknown"}},
	"CERT_E_UNTRUSTEDCA":                  {0x800B0112, "An authority of the chain is marked as not trusted here.", []string{"issuer-not-trusted"}},
	"CERT_E_INVALID_POLICY":               {0x800B0113, "A certificate is issued under a policy that is not accepted here.", []string{"constraints-violated"}},
	"CERT_E_WRONG_USAGE":                  {0x800B0110, "The certificate is not for this purpose.", []string{"wrong-purpose"}},
}

var (
	hexNumber     = regexp.MustCompile(`(?:0x(?:ffffffff)?|\b(?:hresult|error|code)?[ :=(]*)((?:0009|8009|800b|8007|c000)[0-9a-f]{4})\b`)
	decimalNumber = regexp.MustCompile(`(?:^|[^0-9])(-21[0-9]{8}|2148[0-9]{6}|2147[0-9]{6})\b`)
)

// codes takes codes of Windows, by name or number, also as a negative number.
func codes(text string) (found []Entry) {
	number := uint32(0)
	if m := hexNumber.FindStringSubmatch(text); m != nil {
		n, _ := strconv.ParseUint(m[1], 16, 32)
		number = uint32(n)
	} else if m := decimalNumber.FindStringSubmatch(text); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		number = uint32(n)
	}
	for name, c := range codeTable {
		if number == c.number || strings.Contains(text, strings.ToLower(name)) {
			found = append(found, Entry{
				Title: name + " (0x" + strings.ToUpper(strconv.FormatUint(uint64(c.number), 16)) + ")", SaidBy: "Windows (Schannel, .NET, WinHTTP, curl on Windows)",
				Means: c.means, Causes: c.causes, weight: 150,
			})
		}
	}
	return found
}
