package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// clientRefusedServer weighs what the client did not like about what the server
// has shown: mostly its certificate.
func (v *view) clientRefusedServer() {
	if !v.Ended.Known {
		v.refusedUnseen("the client answered the server's flight with a record as long as an alert")
		return
	}
	a := v.Ended.Alert
	if oneOf(a, iana.AlertHandshakeFailure, iana.AlertProtocolVersion, iana.AlertInsufficientSecurity) && v.unoffered() {
		return
	}
	said := fmt.Sprintf("the client sent %s after the server had shown its certificate", v.alertName())
	switch a {
	case iana.AlertHandshakeFailure, iana.AlertInsufficientSecurity:
		v.refusedParameters(said)
	case iana.AlertUnknownCA:
		v.judgeChain(said, "issuer")
	case iana.AlertCertificateExpired:
		v.judgeChain(said, "dates")
	case iana.AlertCertificateRevoked:
		v.add("certificate-revoked", certain, said)
	case iana.AlertUnsupportedCertificate:
		v.judgeChain(said, "purpose")
	case iana.AlertBadCertificate, iana.AlertCertificateUnknown, iana.AlertAccessDenied, iana.AlertInternalError:
		v.judgeChain(said+", which does not say why", "")
	case iana.AlertCloseNotify:
		v.rejectedSilently("close_notify")
	default:
		v.add("client-refused", 50, said).settle(askClient)
	}
}

// refusedUnseen weighs a refusal whose reason is encrypted.
func (v *view) refusedUnseen(said string) {
	if v.ECH && v.replied() {
		v.add("ech-rejected", 70, said, "the client had offered Encrypted Client Hello, and had already sent its Finished").
			settle("the key log of the client: handsel trace --keylog FILE")
		return
	}
	before := len(v.found)
	if v.chain(trace.Server) != nil {
		v.judgeChain(said, "")
	}
	if len(v.found) == before {
		v.add("certificate-refused", 65, said, "at this place a client refuses the server's certificate: its issuer, its name or its dates; hardly ever the proof that the server has its key").
			settle(askClient, askKeys, askServer)
	}
}

// replied reports whether the client has sent something other than an alert since
// the server's flight.
func (v *view) replied() bool { return v.stage >= replied }

// rejectedSilently weighs a client that goes away once it has the server's
// certificate, as Node.js does, and programs whose user said no.
func (v *view) rejectedSilently(how string) {
	said := "the client closed the connection right after the server had shown its certificate, without an alert"
	switch how {
	case "rst":
		said = "the client reset the connection right after the server had shown its certificate"
	case "close_notify":
		said = "the client sent close_notify right after the server had shown its certificate"
	}
	before := len(v.found)
	if v.chain(trace.Server) != nil {
		v.judgeChain(said, "")
	}
	if len(v.found) == before {
		v.add("certificate-refused", 62, said).settle(askClient)
	}
	v.add("client-gave-up", 52, said+", as one does that is stopped at that moment")
}

// refusedParameters weighs handshake_failure of a client.
func (v *view) refusedParameters(said string) {
	if kx := v.said(trace.Server, iana.MsgServerKeyExchange); kx != nil && v.finite() {
		v.add("weak-dh", 80, said, "the suite uses DHE: the client takes the server's prime for too short").see(kx, "ServerKeyExchange.dh_p", "")
		return
	}
	if v.flawed() {
		v.judgeChain(said, "")
		return
	}
	v.add("client-refused", 58, said).settle(askClient)
	if v.said(trace.Server, iana.MsgServerKeyExchange) != nil {
		v.add("proof-wrong", 50, said, "Java says so, too, of a signature in ServerKeyExchange that does not verify")
	}
}

// finite reports whether the suite is one of DHE, also if nobody here speaks it.
func (v *view) finite() bool { return strings.Contains(v.Suite.String(), "_DHE_") }

// agrees reports whether what an alert names may be the flaw. OpenSSL says unknown_ca
// of authorities that may not issue as well, and of lists of revoked certificates that
// it does not have; and decrypt_error of a wrong signature.
func agrees(alert string, f *flaw) bool {
	switch alert {
	case "", f.kind:
		return true
	case "issuer":
		return oneOf(f.kind, "", "constraints", "signature", "order")
	case "purpose":
		return oneOf(f.kind, "order", "strength")
	case "signature":
		return f.kind == "order"
	}
	return false
}

// flawed reports whether something of the server's chain is plainly wrong.
func (v *view) flawed() bool {
	return slices.ContainsFunc(v.flaws(), func(f flaw) bool { return f.weight >= plain })
}

// plain is the weight of a flaw that stands for itself.
const plain = 80

// judgeChain looks for what is wrong with the server's chain, as far as it shows
// in it. alert is what the client's alert names, if it names something: then that is
// what it is, and the chain says more of it.
func (v *view) judgeChain(said, alert string) {
	certificate := v.said(trace.Server, iana.MsgCertificate)
	flaws := v.flaws()
	if !slices.ContainsFunc(flaws, func(f flaw) bool { return f.weight >= plain && agrees(alert, &f) }) {
		flaws = append(v.forged(), flaws...)
	}
	matched := false
	for i := range flaws {
		f := &flaws[i]
		switch {
		case alert != "" && f.kind == alert:
			f.weight, matched = certain-5, true
		case agrees(alert, f):
			matched = matched || f.id != "name-mismatch" || f.weight >= plain
		default:
			f.weight = 30 // it is true, and the alert speaks of something else
		}
		v.add(f.id, f.weight, said, f.why).see(certificate, fmt.Sprintf("Certificate.certificate_list[%d]", f.place), "")
	}
	switch {
	case matched:
	case len(v.chain(trace.Server)) == 0:
		v.judgeHidden(said, alert)
	default:
		v.judgeSound(said, alert)
	}
}

// Ways to find out what is the matter with a certificate.
const (
	askClient = "the client's log"
	askKeys   = "the key log of either side: handsel trace --keylog FILE"
	askServer = "handsel connect to the same server: it shows the chain and checks it"
)

// judgeHidden weighs a refusal of certificates that are encrypted. An alert that could
// be read was sent in the clear, as by OpenSSL and what is built on it, whose alerts
// say more than those of others.
func (v *view) judgeHidden(said, alert string) {
	hidden := "the certificates are encrypted"
	switch {
	case alert == "issuer":
		v.judgeUnknown(said)
	case alert == "dates":
		v.add("certificate-expired", 85, said).because("A certificate of the server's chain has expired, by the client's clock.").settle(askServer, askKeys)
		v.add("client-clock", 45, hidden+": they may as well be valid, and the client's clock ahead")
	case alert == "purpose":
		v.add("wrong-purpose", 80, said).settle(askServer, askKeys)
	case v.Ended.Known && v.Ended.Alert == iana.AlertBadCertificate:
		why := "OpenSSL says so in the clear of a name that does not fit, of a certificate that is not valid yet, and of a key or signature that is too weak; of other things it says otherwise"
		v.add("name-mismatch", 66, said, why).but(hidden).settle(askClient, askServer, askKeys)
		v.add("certificate-not-yet-valid", 54, said, why)
		v.add("weak-certificate", 52, said, why)
	default:
		v.add("certificate-refused", 70, said, hidden).settle(askClient, askKeys, askServer)
	}
}

// judgeUnknown weighs unknown_ca for certificates that are encrypted: whether there is
// more than one can be told from the length of the message, if it has a record of its own.
func (v *view) judgeUnknown(said string) {
	length, count := v.shownLength()
	const may = "it may as well be that an intermediate certificate is missing, or that the server's own is signed by itself"
	switch {
	case count > 1:
		v.add("issuer-not-trusted", 72, said, fmt.Sprintf("the record with the certificates has %d bytes: there is more than one", length)).settle(askServer, askKeys)
		v.add("missing-intermediate", 58, said)
		return
	case count == 1:
		why := fmt.Sprintf("the record with the certificates has %d bytes: there is only one", length)
		v.add("chain-not-trusted", 90, said, why).settle(askServer, askKeys)
		v.add("missing-intermediate", 62, said, why)
		v.add("self-signed", 60, said, why)
	default:
		v.add("chain-not-trusted", 90, said).but("the certificates are encrypted: which of the three it is does not show").settle(askServer, askKeys)
		v.add("missing-intermediate", 56, said)
		v.add("self-signed", 55, said)
	}
	v.add("issuer-not-trusted", 61, said).but("the certificates are encrypted: " + may)
}

// shownLength gives the length of the record with the server's certificates, if it can
// be told from those before and after it, and how many there are: 0 if that is not
// sure. The signature after it tells what kind of key the first one has.
func (v *view) shownLength() (length, count int) {
	var records []int
	for _, s := range v.Said {
		if s.From == trace.Server && s.Encrypted {
			records = append(records, s.Lengths...)
		}
	}
	for i := 1; i+1 < len(records) && i < 4; i++ {
		signature, largest := records[i+1], slices.Max(records)
		if records[i] != largest {
			continue
		}
		one, two := 0, 0 // bytes that one certificate takes at most, and two at least
		switch {
		case signature < 100: // of an elliptic curve of 256 bits
			one, two = 640, 1800
		case signature > 270 && signature < 300: // of RSA with 2048 bits
			one, two = 1100, 2600
		default:
			return largest, 0
		}
		switch {
		case largest < one:
			return largest, 1
		case largest > two:
			return largest, 2
		}
		return largest, 0
	}
	return 0, 0
}

// judgeSound weighs a refusal of a chain in which nothing is wrong by itself.
func (v *view) judgeSound(said, alert string) {
	certificate := v.said(trace.Server, iana.MsgCertificate)
	see := func(f *Finding) *Finding { return f.see(certificate, "Certificate.certificate_list", "") }
	sound := "name, dates and purpose of the certificate are in order, as far as they can be seen"
	clock := "the dates of the certificates that were sent are right: the client's clock may be wrong"
	switch {
	case alert == "issuer":
		see(v.add("issuer-not-trusted", 74, said, v.issuedBy())).settle("the client's list of authorities", askClient)
		v.add("revocation-unknown", 60, said, "OpenSSL says so, too, if it has to look up whether a certificate was revoked, and has no list")
	case alert == "dates":
		see(v.add("client-clock", 72, said, clock)).settle("the client's clock")
		see(v.add("certificate-expired", 62, said)).but("the dates of the certificates that were sent are right: the client would have to have found another way, to an old root")
	case alert == "purpose":
		see(v.add("wrong-purpose", 58, said)).settle(askClient)
	case v.Ended.Known && v.Ended.Alert == iana.AlertBadCertificate && v.openssl():
		see(v.add("name-mismatch", 66, said, "the ClientHello is OpenSSL's, which says otherwise of issuers and of certificates that have expired: bad_certificate is left for a name that the program expects and that is not the server_name")).
			settle("the name that the client's program was told to verify")
		v.add("client-clock", 54, said, clock+": it says so, too, of a certificate that is not valid yet")
		v.add("issuer-not-trusted", 35, said)
	default:
		see(v.add("issuer-not-trusted", 58, said, sound, v.issuedBy())).settle(askClient, "the client's list of authorities")
		v.add("client-clock", 45, said, clock)
		v.add("certificate-revoked", 44, said)
	}
}

// openssl reports whether the ClientHello looks like one of OpenSSL: it alone names
// the compressed point formats beside encrypt_then_mac.
func (v *view) openssl() bool {
	return v.offered && len(v.offer.PointFormats) == 3 && v.offer.Has(iana.ExtEncryptThenMAC)
}

func (v *view) issuedBy() string {
	chain := v.chain(trace.Server)
	if len(chain) == 0 {
		return "the chain cannot be read here"
	}
	last := chain[len(chain)-1]
	return fmt.Sprintf("the chain of %d ends with one that was issued by %s", len(chain), distinguished(last.Issuer.String()))
}

func distinguished(name string) string {
	if name == "" {
		return "(an empty name)"
	}
	return name
}
