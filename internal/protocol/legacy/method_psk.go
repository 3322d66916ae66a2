package legacy

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// preShared agrees on nothing but a key that both sides have: whoever learns that
// later can read everything. RFC 4279.
var preShared = method{
	shared: true,
	offer:  func(*Server) error { return nil }, accept: acceptPSK,
	read: readPSK, answer: answerPSK,
}

// preSharedECDHE is the same with an ephemeral exchange on elliptic curves. RFC
// 5489.
var preSharedECDHE = method{
	shared: true, curves: true,
	offer: offerECDHE, accept: acceptPSK,
	read: readPSK, answer: answerPSK,
}

// sharedSuite chooses a suite of a pre-shared key, if there may be one: before
// any certificate is looked at.
func (s *Server) sharedSuite() bool {
	if !s.usesPSKs() {
		return false
	}
	s.group = negotiate.GroupLegacy(&s.Offer, s.Config.Policy, nil)
	id, err := negotiate.SuitePSK(&s.Offer, s.Config.Policy, s.Done.Version, s.group != 0, nil)
	if err != nil {
		return false
	}
	s.Log.Chose(trace.Suite, uint16(id))
	s.suite, _ = suite.Of(id)
	return true
}

// usesPSKs reports whether there may be pre-shared keys here.
func (s *Server) usesPSKs() bool {
	return s.Config.AskPSKs || slices.ContainsFunc(s.Config.PSKs, func(e *psk.External) bool { return e.Old })
}

// shared sends the server's flight of a suite with a pre-shared key.
func (s *Server) shared() (state, error) {
	if err := s.useChoice(); err != nil {
		return 0, err
	}
	if err := s.sendHello(s.newSessionID()); err != nil {
		return 0, err
	}
	if err := s.method.offer(s); err != nil {
		return 0, err
	}
	if s.method.curves || len(s.Config.PSKHint) > 0 {
		s.Send(iana.MsgServerKeyExchange, wire.AppendServerKeyExchangePSK(s.Out.Message(), s.Config.PSKHint, s.params))
	}
	s.Send(iana.MsgServerHelloDone, wire.AppendEmpty(s.Out.Message(), iana.MsgServerHelloDone))
	return sWaitClientKeyExchange, nil
}

// acceptPSK takes the client's identity, and looks for the key.
func acceptPSK(s *Server, body []byte) (state, error) {
	identity, public, err := wire.ParseClientKeyExchangePSK(body, s.method.curves)
	if err != nil {
		return 0, err
	}
	s.identity, s.other = bytes.Clone(identity), nil
	if s.method.curves {
		if s.other, err = s.key.AppendSecret(nil, public); err != nil {
			return 0, err
		}
	}
	if s.Config.AskPSKs {
		s.Pose(handshake.Ask{Question: handshake.PSKs, Offer: &s.Offer, Identity: s.identity})
		return sWaitPSKs, nil
	}
	return s.useKey(s.Config.PSKs)
}

// onPSKs takes the keys that the host has for the identity.
func (s *Server) onPSKs(msg) (state, error) { return s.useKey(s.Answer.PSKs) }

// useKey goes on with the key of the client's identity. If there is none it goes
// on with a random one, so that the client does not learn which identities there
// are (RFC 4279, section 2): it ends where another key would.
func (s *Server) useKey(keys []*psk.External) (state, error) {
	secret := make([]byte, psk.MinSecret)
	if k := negotiate.OldPSK(keys, s.identity); k != nil {
		s.Log.Chose(trace.PSK, 0)
		s.Done.PSK, s.Done.PSKTag, secret = k.Identity, k.Tag(), k.Secret
	} else {
		s.Log.Refused(trace.PSK, 0, trace.Unknown)
		if err := s.Random(secret); err != nil {
			return 0, err
		}
	}
	return s.exchanged(premasterPSK(s.other, secret)), nil
}

// premasterPSK gives the premaster secret of a key and of what an exchange has
// given, nil without one. RFC 4279, section 2; RFC 5489, section 2.
func premasterPSK(other, secret []byte) []byte {
	if other == nil {
		other = make([]byte, len(secret))
	}
	b := binary.BigEndian.AppendUint16(make([]byte, 0, 4+len(other)+len(secret)), uint16(len(other)))
	b = binary.BigEndian.AppendUint16(append(b, other...), uint16(len(secret)))
	return append(b, secret...)
}

// readPSK reads the hint, of which no use is made, and the parameters.
func readPSK(c *Client, body []byte) (signed, error) {
	k, err := wire.ParseServerKeyExchangePSK(body, c.method.curves)
	if err != nil || !c.method.curves {
		return signed{}, err
	}
	if !c.Config.Policy.AllowsGroup(k.Group) || !kex.Curve(k.Group) {
		return signed{}, fault.With(fault.GroupNotOffered, "%v", k.Group)
	}
	c.Done.Group, c.share = k.Group, bytes.Clone(k.Point)
	return signed{}, nil
}

// answerPSK names the first key for this version, and makes the premaster secret.
func answerPSK(c *Client) error {
	i := slices.IndexFunc(c.Config.PSKs, func(e *psk.External) bool { return e.Old })
	if i < 0 {
		return fault.With(fault.Internal, "there is no pre-shared key for %v", c.suite.ID) // it was not offered
	}
	e := c.Config.PSKs[i]
	var other, public []byte
	if c.method.curves {
		if c.share == nil {
			return fault.With(fault.UnexpectedMessage, "no ServerKeyExchange came with %v", c.suite.ID)
		}
		c.Log.Chose(trace.Group, uint16(c.Done.Group))
		key, err := kex.Generate(c.Done.Group, c.Config.Rand)
		if err != nil {
			return err
		}
		public = key.AppendPublic(nil)
		if other, err = key.AppendSecret(nil, c.share); err != nil {
			return err
		}
	}
	c.Log.Chose(trace.PSK, uint16(i))
	c.Done.PSK, c.Done.PSKTag = e.Identity, e.Tag()
	c.exchange = wire.AppendExchangePSK(nil, e.Identity, public)
	c.premaster = premasterPSK(other, e.Secret)
	return nil
}
