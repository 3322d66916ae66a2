package explain

import (
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A view is a case with what was read in it.
type view struct {
	*Case
	stage    stage
	offer    negotiate.Offer // of the first ClientHello
	offerErr error
	offered  bool // there is a ClientHello, and it can be read
	found    []Finding
	parsed   [2][]*x509.Certificate
	filling  *strings.Replacer // of the connection's names in remedies; nil: not needed yet
}

// stage is how far the handshake came.
type stage uint8

const (
	nothing  stage = iota // no message was seen
	asked                 // the client has sent its ClientHello
	retried               // the server has asked for another one
	answered              // the server has sent its ServerHello
	shown                 // and its certificate, or all of its flight that can be seen
	replied               // the client has gone on from there
	finished              // the handshake is complete, as far as can be seen
)

func newView(c *Case) *view {
	v := &view{Case: c}
	if len(c.Hellos) > 0 && len(c.Hellos[0]) >= wire.HeaderLen {
		v.offer, v.offerErr = negotiate.ReadOffer(c.Hellos[0][wire.HeaderLen:])
		v.offered = v.offerErr == nil
	}
	for i := range c.Said {
		v.stage = max(v.stage, v.after(&c.Said[i]))
	}
	if c.Complete {
		v.stage = finished
	}
	return v
}

// after gives the stage that a message leads to.
func (v *view) after(s *Said) stage {
	switch {
	case s.Content == iana.ContentAlert || s.Short:
	case s.Encrypted && s.From == trace.Client && v.stage >= answered:
		return replied
	case s.Encrypted && s.From == trace.Server && v.stage >= answered:
		return shown
	case s.Content != iana.ContentHandshake || s.Encrypted:
	case s.Name == "HelloRetryRequest":
		return retried
	case s.Type == iana.MsgClientHello:
		return asked
	case s.Type == iana.MsgServerHello:
		return answered
	case s.From == trace.Server && (s.Type == iana.MsgCertificate || s.Type == iana.MsgServerHelloDone || s.Type == iana.MsgCompressedCertificate):
		return shown
	case s.From == trace.Client && v.stage >= answered:
		return replied
	}
	return v.stage
}

// said reports whether a side has sent a handshake message that could be read.
func (v *view) said(from trace.Side, t iana.HandshakeType) *Said {
	for i := range v.Said {
		if s := &v.Said[i]; s.From == from && s.Content == iana.ContentHandshake && !s.Encrypted && s.Type == t {
			return s
		}
	}
	return nil
}

// is13 reports whether TLS 1.3 was chosen.
func (v *view) is13() bool { return v.Version == iana.TLS13 }

// chain gives the certificates that a side has shown, as far as they can be parsed.
func (v *view) chain(of trace.Side) []*x509.Certificate {
	if v.parsed[of-1] == nil {
		for _, der := range v.Chains[of-1] {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				break
			}
			v.parsed[of-1] = append(v.parsed[of-1], c)
		}
	}
	return v.parsed[of-1]
}

// endedBy names who ended the connection.
func (v *view) endedBy() string {
	switch {
	case v.Failure != nil && v.Failure.By == trace.ByNetwork && v.Ended.By == 0, v.Ended.How == BySilence:
		return "network"
	case v.Ended.By != 0:
		return v.Ended.By.String()
	}
	return ""
}

// host gives what the client wanted to reach: its server_name, or the address.
func (v *view) host() string {
	if v.Name != "" {
		return v.Name
	}
	if host, _, err := net.SplitHostPort(v.Server); err == nil {
		return host
	}
	return "the server"
}

// add notes a cause that comes into question, with what speaks for it.
func (v *view) add(id string, weight int, because ...string) *Finding {
	for i := range v.found {
		if f := &v.found[i]; f.ID == id {
			f.weight = max(f.weight, weight)
			for _, b := range because {
				if !slices.Contains(f.For, b) {
					f.For = append(f.For, b)
				}
			}
			return f
		}
	}
	v.found = append(v.found, Finding{ID: id, weight: weight, For: because})
	return &v.found[len(v.found)-1]
}

// see adds evidence: a message, a field of it and its value.
func (f *Finding) see(s *Said, field, value string) *Finding {
	if s != nil {
		f.Evidence = append(f.Evidence, Evidence{Message: s.Name, Field: field, Value: value, Frame: s.Frame})
	}
	return f
}

func (f *Finding) but(against ...string) *Finding {
	f.Against = append(f.Against, against...)
	return f
}

func (f *Finding) settle(by ...string) *Finding {
	f.Settle = append(f.Settle, by...)
	return f
}

func (f *Finding) because(text string) *Finding {
	f.Cause = text
	return f
}

// names joins names for a sentence, and says how many more there are.
func names[T fmt.Stringer](list []T) string {
	const most = 6
	var words []string
	for i, n := range list {
		if i == most {
			words = append(words, fmt.Sprintf("%d more", len(list)-most))
			break
		}
		words = append(words, n.String())
	}
	return strings.Join(words, ", ")
}
