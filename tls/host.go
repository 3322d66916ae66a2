package tls

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// host answers the questions of a handshake from a Config.
type host struct {
	conn   *Conn
	config *Config // GetConfigForClient may change it
	ctx    context.Context
	err    error // of a callback or of the verification, as it is to be returned

	kept    *session.Cache        // of a server: where the session is; nil: nowhere
	choices *[]*sign.Credential   // of a server's certificates, until the handshake is over; nil: there is one
	checked *verify.Result        // of the peer's chain, until the handshake is over
	chains  [][]*x509.Certificate // that were verified in this handshake
	resumed [][]*x509.Certificate // of the session on offer; they count if it is resumed
}

func (h *host) answer(a *handshake.Ask) handshake.Answer {
	switch a.Question {
	case handshake.Settings:
		return h.settings(a.Offer)
	case handshake.Session:
		return h.session(a)
	case handshake.Credential:
		if a.Request != nil {
			return h.clientCredential(a.Request)
		}
		return h.serverCredential(a.Offer)
	case handshake.Signature:
		b, err := sign.Sign(a.Scheme, a.Credential.Key, h.rand(), a.Content)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Premaster:
		b, err := sign.DecryptPremaster(a.Credential.Key, h.rand(), a.Content, a.Length)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Verdict:
		if a.PublicName != "" {
			return handshake.Answer{Err: h.publicVerdict(a.Peer, a.PublicName)}
		}
		return handshake.Answer{Err: h.verdict(a.Peer)}
	case handshake.Replay:
		return h.replayed(a)
	case handshake.Approval:
		return handshake.Answer{Err: h.approve()}
	case handshake.ECHKeys:
		return h.echKeys(a.Offer)
	case handshake.PSKs:
		return h.psks(a)
	}
	return handshake.Answer{Err: fault.With(fault.Internal, "question %v", a.Question)}
}

func (h *host) rand() io.Reader { return h.config.prepare().server.Rand }

// failed keeps a callback's error, to be found in what Handshake returns.
func (h *host) failed(code fault.Code, err error) handshake.Answer {
	h.err = err
	if _, ok := fault.Of(err); !ok {
		err = fault.With(code, "%w", err)
	}
	return handshake.Answer{Err: err}
}

func (h *host) settings(o *negotiate.Offer) handshake.Answer {
	config, err := h.config.GetConfigForClient(h.helloInfo(o))
	if err != nil {
		return h.failed(fault.ConfigFailed, err)
	}
	if config == nil {
		return handshake.Answer{}
	}
	p := config.prepare()
	if p.err != nil {
		return h.failed(fault.ConfigFailed, p.err)
	}
	settings := p.server
	settings.Tickets = h.ticketsFor(config)
	settings.Record = settings.Record || h.config.OnHandshake != nil
	if s := h.conn.said.Load(); s != nil {
		settings.Messages = s.message
	}
	h.config = config
	return handshake.Answer{Settings: &settings}
}

// ticketsFor gives the ticket keys under a Config of GetConfigForClient: its
// own if they were set, else those of the first, as in crypto/tls.
func (h *host) ticketsFor(config *Config) *session.Keys {
	switch {
	case config.SessionTicketsDisabled:
		return nil
	case config.ticketsSet():
		return config.ticketKeys()
	case h.config.SessionTicketsDisabled:
		return nil
	}
	return h.config.ticketKeys()
}

// helloInfo gives the ClientHello to callbacks.
func (h *host) helloInfo(o *negotiate.Offer) *ClientHelloInfo {
	info := &ClientHelloInfo{
		ServerName:        o.ServerName,
		CipherSuites:      convert[uint16](o.Hello.CipherSuites),
		SupportedCurves:   convert[CurveID](o.Groups),
		SupportedPoints:   slices.Clone(o.PointFormats),
		SignatureSchemes:  convert[SignatureScheme](o.Schemes),
		SupportedVersions: convert[uint16](o.Versions),
		Conn:              h.conn.conn,
	}
	for name := range o.Protocols.All() {
		info.SupportedProtos = append(info.SupportedProtos, string(name))
	}
	for t := range o.Hello.Extensions.All() {
		info.Extensions = append(info.Extensions, uint16(t))
	}
	if !o.Has(iana.ExtSupportedVersions) {
		for v := min(o.Hello.Version, iana.TLS12); v >= iana.TLS10; v-- {
			info.SupportedVersions = append(info.SupportedVersions, uint16(v))
		}
	}
	setHelloContext(info, h.ctx)
	return info
}

func convert[U, T ~uint16](l wire.List[T]) []U {
	out := make([]U, l.Len())
	for i := range out {
		out[i] = U(l.At(i))
	}
	return out
}

// over drops what only a handshake needs: a connection may live long.
func (h *host) over() { h.ctx, h.checked, h.choices = nil, nil, nil }

// serverCredential gives the certificate that there is, or those to choose from.
func (h *host) serverCredential(o *negotiate.Offer) handshake.Answer {
	raw := h.config.prepare().raw
	if h.config.onlyRaw() {
		return handshake.Answer{Credential: raw}
	}
	cert, several, err := h.serverCertificate(o)
	if errors.Is(err, errNoCertificates) && h.config.usesPSKs() {
		return handshake.Answer{}
	}
	if err != nil {
		return h.failed(fault.CertificateUnusable, err)
	}
	if len(several) == 1 {
		cert = several[0]
	}
	if cert != nil {
		return h.credential(cert, raw)
	}
	creds := h.instead(raw)
	for _, cert := range several {
		if cred, unusable := credentialOf(cert); unusable == nil {
			creds = append(creds, cred)
		} else if err == nil {
			err = unusable
		}
	}
	if len(creds) == 0 {
		return h.failed(fault.CertificateUnusable, err)
	}
	return h.choice(creds)
}

// credential gives a certificate, or those to choose from if something can stand in
// for it.
func (h *host) credential(cert *Certificate, raw *sign.Credential) handshake.Answer {
	cred, err := credentialOf(cert)
	if err != nil {
		return h.failed(fault.CertificateUnusable, err)
	}
	if first := h.instead(raw); first != nil {
		return h.choice(append(first, cred))
	}
	return handshake.Answer{Credential: cred}
}

// instead gives what stands in for certificates, and comes before them: a raw
// public key, if there is one, and delegated credentials.
func (h *host) instead(raw *sign.Credential) (creds []*sign.Credential) {
	if raw != nil {
		creds = append(creds, raw)
	}
	return append(creds, h.config.prepare().delegated...)
}

// choice leaves it to the handshake which one is shown.
func (h *host) choice(creds []*sign.Credential) handshake.Answer {
	h.choices = &creds
	return handshake.Answer{Candidates: creds}
}

var errNoCertificates = errors.New("tls: no certificates configured")

// serverCertificate gives the certificate for a client, or several.
func (h *host) serverCertificate(o *negotiate.Offer) (one *Certificate, several []*Certificate, err error) {
	c := h.config
	if c.GetCertificates != nil {
		several, err = c.GetCertificates(h.helloInfo(o))
		if len(several) == 0 && err == nil {
			err = fault.With(fault.NoCertificate, "%w", errNoCertificates)
		}
		return nil, forName(several, o.ServerName), err
	}
	if c.GetCertificate != nil && (len(c.Certificates) == 0 || o.ServerName != "") {
		cert, err := c.GetCertificate(h.helloInfo(o))
		if cert != nil || err != nil {
			return cert, nil, err
		}
	}
	switch len(c.Certificates) {
	case 0:
		return nil, nil, fault.With(fault.NoCertificate, "%w", errNoCertificates)
	case 1:
		return &c.Certificates[0], nil, nil
	}
	for i := range c.Certificates {
		several = append(several, &c.Certificates[i])
	}
	return nil, forName(several, o.ServerName), nil
}

// forName gives the certificates that are for the name; all if there is no name;
// the first that can be used, as crypto/tls does, if none is for it.
func forName(list []*Certificate, name string) (certs []*Certificate) {
	if name == "" || len(list) < 2 {
		return list
	}
	first := list[:0]
	for i, cert := range list {
		cred, err := credentialOf(cert)
		if err != nil {
			continue
		}
		if len(first) == 0 {
			first = list[i : i+1]
		}
		if cred.Leaf != nil && cred.Leaf.VerifyHostname(name) == nil {
			certs = append(certs, cert)
		}
	}
	switch {
	case len(certs) > 0:
		return certs
	case len(first) > 0:
		return first
	}
	return list
}

// clientCredential chooses the certificate that the server wants to see.
func (h *host) clientCredential(r *handshake.CertificateRequest) handshake.Answer {
	if r.Form == iana.CertRawPublicKey {
		return handshake.Answer{Credential: h.config.prepare().raw}
	}
	info := &CertificateRequestInfo{AcceptableCAs: r.Authorities, Version: uint16(r.Version)}
	for _, s := range r.Schemes {
		info.SignatureSchemes = append(info.SignatureSchemes, SignatureScheme(s))
	}
	if info.Version < VersionTLS12 {
		info.SignatureSchemes = schemesOf(r.Types)
	}
	setRequestContext(info, h.ctx)
	cert, err := h.clientCertificate(info, r)
	if err != nil {
		return h.failed(fault.CertificateUnusable, err)
	}
	if cert == nil || len(cert.Certificate) == 0 {
		return handshake.Answer{}
	}
	return h.credential(cert, nil)
}

// schemesOf gives schemes for a request of TLS 1.1 and below, which names types of
// keys and no schemes: so that programs, and SupportsCertificate, find the
// certificates that fit, as with crypto/tls. What will sign is neither of them.
func schemesOf(types []iana.ClientCertificateType) (schemes []SignatureScheme) {
	if slices.Contains(types, iana.CertECDSASign) {
		schemes = append(schemes, ECDSAWithP256AndSHA256, ECDSAWithP384AndSHA384, ECDSAWithP521AndSHA512)
	}
	if slices.Contains(types, iana.CertRSASign) {
		schemes = append(schemes, PKCS1WithSHA256, PKCS1WithSHA384, PKCS1WithSHA512, PKCS1WithSHA1)
	}
	return schemes
}

func (h *host) clientCertificate(info *CertificateRequestInfo, r *handshake.CertificateRequest) (*Certificate, error) {
	if h.config.GetClientCertificate != nil {
		cert, err := h.config.GetClientCertificate(info)
		if cert == nil && err == nil {
			err = errors.New("tls: GetClientCertificate returned neither a certificate nor an error")
		}
		return cert, err
	}
	for i := range h.config.Certificates {
		cert := &h.config.Certificates[i]
		if h.suits(info, r, cert) {
			return cert, nil
		}
	}
	return nil, nil
}

// session finds the session of a ticket or session ID.
func (h *host) session(a *handshake.Ask) handshake.Answer {
	now := h.config.now()
	var answer handshake.Answer
	h.resumed = nil
	if a.SessionID != nil {
		if h.kept = h.config.prepare().sessions; h.kept != nil {
			answer.Session = h.kept.Get(a.SessionID, now)
		}
	} else {
		answer.Session, answer.Renew = a.Keys.Open(now, a.Ticket)
	}
	if s := answer.Session; s != nil && !h.config.formAccepted(s, false) {
		return handshake.Answer{}
	}
	if s := answer.Session; s != nil && len(s.Chain) > 0 && h.verifiesClients() {
		chains, err := h.verifyResumed(s.Chain)
		if err != nil {
			return handshake.Answer{}
		}
		h.resumed = chains
	}
	return answer
}
