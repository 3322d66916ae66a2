package legacy

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// dhe is the ephemeral exchange modulo a prime, with the groups of RFC 7919. A
// key serves one handshake, so that the zeros that are cut off its secret tell
// nothing of another's (Raccoon, CVE-2020-1968). RFC 5246, sections 7.4.3 and
// 8.1.2.
var dhe = method{
	signs: true, length: 2,
	offer: offerDHE, accept: acceptDHE,
	read: readDHE, answer: answerDHE,
}

func offerDHE(s *Server) (err error) {
	s.Done.Group = negotiate.FiniteLegacy(&s.Offer, s.Config.Policy, s.Log)
	group := kex.FiniteOf(s.finite)
	s.Done.Prime = uint16(group.Bits())
	if s.key, err = group.Generate(s.Config.Rand); err != nil {
		return err
	}
	s.params = wire.AppendDHEParams(s.params[:0], group.P, group.G, s.key.AppendPublic(nil))
	return nil
}

func acceptDHE(s *Server, share []byte) (state, error) {
	premaster, err := s.key.AppendSecret(nil, share)
	if err != nil {
		return 0, err
	}
	return s.exchanged(bytes.TrimLeft(premaster, "\x00")), nil
}

// readDHE takes the server's group if its prime is of a length that the policy
// allows. If the client has named groups and the server takes another, that is
// for the length alone to judge: servers of before RFC 7919 do not look at the
// names.
func readDHE(c *Client, body []byte) (signed, error) {
	k, err := wire.ParseServerKeyExchangeDHE(body, c.dialect.schemes)
	if err != nil {
		return signed{}, err
	}
	bits := len(bytes.TrimLeft(k.P, "\x00")) * 8 // of the bytes: enough to refuse what is too long to look at
	if bits <= maxPrime {
		if c.finite, err = kex.ReadFinite(k.P, k.G); err != nil {
			return signed{}, err
		}
		bits = c.finite.Bits()
	}
	if !c.Config.Policy.TakesPrime(bits) {
		return signed{}, fault.With(fault.PrimeLength, "%d bits", bits)
	}
	c.Done.Group, c.Done.Prime, c.share = c.finite.Group, uint16(bits), k.Ys
	return signed{k.Params, k.Scheme, k.Signature}, nil
}

// maxPrime is the length in bits of the longest prime that is looked at.
const maxPrime = 8192

func answerDHE(c *Client) error {
	c.Log.Chose(trace.Group, uint16(c.Done.Group))
	key, err := c.finite.Generate(c.Config.Rand)
	if err != nil {
		return err
	}
	premaster, err := key.AppendSecret(nil, c.share)
	if err != nil {
		return err
	}
	c.premaster, c.exchange = bytes.TrimLeft(premaster, "\x00"), key.AppendPublic(nil)
	return nil
}
