package negotiate

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Credential chooses the first of the candidates that fits, and says of each
// before it why it does not. Those that well refuses come after all others, even
// if they fit: they are for peers that nothing better is there for. If none
// fits, the error is that of the last.
func Credential(candidates []*sign.Credential, well, fits func(*sign.Credential) error, log *trace.Log) (chosen *sign.Credential, err error) {
	var doubtful []int
	for i, c := range candidates {
		if well != nil && well(c) != nil {
			doubtful = append(doubtful, i)
			continue
		}
		if err = fits(c); err == nil {
			for _, i := range doubtful {
				log.Refused(trace.Credential, uint16(i), why(well(candidates[i])))
			}
			log.Chose(trace.Credential, uint16(i))
			return c, nil
		}
		log.Refused(trace.Credential, uint16(i), why(err))
	}
	for _, i := range doubtful {
		if err = fits(candidates[i]); err == nil {
			log.Chose(trace.Credential, uint16(i))
			return candidates[i], nil
		}
		log.Refused(trace.Credential, uint16(i), why(err))
	}
	return nil, err
}

// why gives the reason of a fault for which a credential is passed over.
func why(err error) trace.Why {
	code, _ := fault.Of(err)
	switch code {
	case fault.NoSharedScheme, fault.NoSharedScheme12:
		return trace.NoScheme
	case fault.NoSharedIssuer:
		return trace.WrongIssuer
	case fault.CurveNotOffered:
		return trace.NoGroup
	case fault.NoSharedCertificateType, fault.CertificateTypeRefused:
		return trace.WrongForm
	}
	return trace.NoKey
}

// Issuer refuses a credential that is for peers who ask for one of its issuers,
// if the peer does not. Others fit any peer: most lists of authorities are not
// meant to be complete. RFC 9846, section 4.3.4.
func Issuer(c *sign.Credential, authorities [][]byte) error {
	if !c.MatchIssuer {
		return nil
	}
	for _, issuer := range c.Issuers {
		for _, name := range authorities {
			if bytes.Equal(issuer, name) {
				return nil
			}
		}
	}
	return fault.NoSharedIssuer
}

// ServerCredential refuses a credential that the client does not take for its
// form or its issuer.
func ServerCredential(o *Offer, c *sign.Credential) error {
	if !o.AcceptsType(c.Type()) {
		if o.ServerTypes != nil { // RFC 7250, section 4.2, has an alert for it
			return fault.With(fault.NoSharedCertificateType, "the client accepts %v, this is %v", typesOf(o.ServerTypes), c.Type())
		}
		return fault.With(fault.CertificateTypeRefused, "it is of the type %v", c.Type())
	}
	if !c.MatchIssuer {
		return nil
	}
	return Issuer(c, o.Authorities())
}

// ClientCredential refuses a credential that the server does not take for its
// form or its issuer.
func ClientCredential(c *sign.Credential, t iana.CertificateType, authorities [][]byte) error {
	if c.Type() != t {
		return fault.With(fault.CertificateTypeRefused, "it is of the type %v, the server asks for %v", c.Type(), t)
	}
	return Issuer(c, authorities)
}

// Scheme13 chooses the signature scheme of TLS 1.3. The peer of a delegated
// credential has to verify what the certificate's key has signed, as offered
// says, and what the credential's key signs, as delegates says, and the
// credential has to be valid still. RFC 9345, section 4.1.
func Scheme13(offered, delegates Offers, cred *sign.Credential, now time.Time, p *policy.Policy, log *trace.Log) (iana.SignatureScheme, error) {
	if d := cred.Delegated; d != nil {
		switch {
		case now.After(d.NotAfter):
			log.Refused(trace.Scheme, uint16(d.Scheme), trace.Expired)
			return 0, fault.With(fault.NoSharedScheme, "the delegated credential was valid until %s", d.NotAfter.UTC().Format(time.DateTime))
		case !offered.Has(d.By):
			log.Refused(trace.Scheme, uint16(d.By), trace.NotOffered)
			return 0, fault.With(fault.NoSharedScheme, "the delegated credential is signed with %v", d.By)
		}
		offered = delegates
	}
	return Scheme(iana.TLS13, offered, cred, p, log)
}

// CertificateSignatures refuses a credential with a certificate that is signed
// in a way that the peer does not say it can verify: in certs, its
// signature_algorithms_cert, or else in schemes. That speaks for another chain
// if there is one, and not against the handshake: the peer may know the issuer
// anyway. RFC 9846, sections 4.3.3 and 4.5.1.1.
func CertificateSignatures(schemes, certs wire.List[iana.SignatureScheme], c *sign.Credential) error {
	list := schemes
	if len(certs) > 0 {
		list = certs
	}
	if len(list) == 0 {
		return nil
	}
	for _, s := range c.SignedWith() {
		if !list.Has(s) {
			return fault.With(fault.NoSharedScheme, "a certificate is signed with %v", s)
		}
	}
	return nil
}

// CertificateCurve refuses an ECDSA key on a curve that the client does not take.
func CertificateCurve(o *Offer, key crypto.PublicKey) error {
	if !TakesCurve(key, o.Groups.Has) {
		return fault.With(fault.CurveNotOffered, "it is on %v", sign.Curve(key))
	}
	return nil
}

// TakesCurve reports whether a client of TLS 1.2 or below takes the key of a
// server's certificate, by the groups that it names: one of ECDSA has to be on a
// curve among them. A client that names no curve of ECDSA at all, such as one with
// X25519 alone, says nothing of keys, but of the key exchange. In TLS 1.3 the
// signature schemes name the curve. RFC 8422, section 5.3.
func TakesCurve(key crypto.PublicKey, names func(iana.Group) bool) bool {
	g := sign.Curve(key)
	return g == 0 || names(g) || !slices.ContainsFunc(sign.Curves, names)
}

// Decrypts reports whether the key can be used for RSA key exchange.
func Decrypts(c *sign.Credential) bool {
	_, ok := c.Key.(crypto.Decrypter)
	u := c.Usage()
	return ok && (u == 0 || u&x509.KeyUsageKeyEncipherment != 0)
}
