package legacy

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ecdhe is the ephemeral exchange on elliptic curves. RFC 8422.
var ecdhe = method{
	signs: true, curves: true, length: 1,
	offer: offerECDHE, accept: acceptShare,
	read: readECDHE, answer: answerECDHE,
}

func offerECDHE(s *Server) (err error) {
	s.Done.Group = negotiate.GroupLegacy(&s.Offer, s.Config.Policy, s.Log)
	if s.key, err = kex.Generate(s.group, s.Config.Rand); err != nil {
		return err
	}
	var point [kex.MaxShare]byte
	s.params = wire.AppendECDHEParams(s.params[:0], s.group, s.key.AppendPublic(point[:0]))
	return nil
}

// acceptShare completes the exchange with the client's share.
func acceptShare(s *Server, share []byte) (state, error) {
	var secret [kex.MaxSecret]byte
	premaster, err := s.key.AppendSecret(secret[:0], share)
	if err != nil {
		return 0, err
	}
	return s.exchanged(premaster), nil
}

func readECDHE(c *Client, body []byte) (signed, error) {
	k, err := wire.ParseServerKeyExchangeECDHE(body, c.dialect.schemes)
	if err != nil {
		return signed{}, err
	}
	if !c.Config.Policy.AllowsGroup(k.Group) || !kex.Curve(k.Group) {
		return signed{}, fault.With(fault.GroupNotOffered, "%v", k.Group)
	}
	c.Done.Group, c.share = k.Group, k.Point
	return signed{k.Params, k.Scheme, k.Signature}, nil
}

func answerECDHE(c *Client) error {
	c.Log.Chose(trace.Group, uint16(c.Done.Group))
	key, err := kex.Generate(c.Done.Group, c.Config.Rand)
	if err != nil {
		return err
	}
	c.exchange = key.AppendPublic(nil)
	c.premaster, err = key.AppendSecret(nil, c.share)
	return err
}
