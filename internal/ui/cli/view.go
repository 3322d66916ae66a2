package cli

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

// view is a handshake as it is printed and as it stands in JSON.
type view struct {
	Time       time.Time     `json:"time"`
	Connection string        `json:"connection"` // the same in the access log and in events
	Role       string        `json:"role"`       // of this side
	Peer       string        `json:"peer"`
	ServerName string        `json:"server_name,omitempty"`
	Version    string        `json:"version,omitempty"`
	Suite      string        `json:"cipher_suite,omitempty"`
	Group      string        `json:"group,omitempty"`
	Scheme     string        `json:"signature_scheme,omitempty"`
	Protocol   string        `json:"alpn,omitempty"`
	Resumed    bool          `json:"resumed"`
	EarlyData  string        `json:"early_data,omitempty"` // "accepted", or why not
	Retried    bool          `json:"hello_retry_request,omitempty"`
	After      bool          `json:"post_handshake_auth,omitempty"`
	ECH        string        `json:"ech,omitempty"`             // what became of Encrypted Client Hello
	OuterName  string        `json:"outer_name,omitempty"`      // server_name that the network saw with it
	PeerKey    string        `json:"peer_public_key,omitempty"` // SHA-256 of a raw public key
	PSK        string        `json:"pre_shared_key,omitempty"`  // its identity
	Weak       []string      `json:"weak,omitempty"`            // what of that is known to be weak
	Millis     float64       `json:"milliseconds"`
	Failure    *failure      `json:"failure,omitempty"`
	Findings   []tls.Finding `json:"findings,omitempty"` // why it failed, the most likely cause first
	Binding    *binding      `json:"binding,omitempty"`  // of a server
	Offered    *offerView    `json:"offered,omitempty"`
	Choices    []choice      `json:"choices,omitempty"`
	Steps      []step        `json:"steps,omitempty"`
	Chain      []certView    `json:"chain,omitempty"`  // that the peer sent
	Checks     []checkView   `json:"checks,omitempty"` // of the chain
}

type failure struct {
	Fault    string `json:"fault"`
	Sentence string `json:"sentence"`
	Detail   string `json:"detail,omitempty"`
	Clause   string `json:"clause,omitempty"`
	By       string `json:"ended_by"`
	State    string `json:"state"`
	Alert    string `json:"alert,omitempty"`
	Number   uint8  `json:"alert_number,omitempty"`
}

type choice struct {
	Topic   string    `json:"topic"`
	Chosen  string    `json:"chosen,omitempty"`
	Refused []refusal `json:"refused,omitempty"`
}

type refusal struct {
	Value string `json:"value"`
	Why   string `json:"why"`
}

type step struct {
	Millis float64 `json:"milliseconds"`
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
}

// binding tells how a connection was led to the record that served it.
type binding struct {
	Record   string   `json:"record,omitempty"`
	Site     string   `json:"site,omitempty"`
	Rule     string   `json:"rule"`
	Shadowed []string `json:"shadowed,omitempty"` // records that would have fit as well
	NoMatch  string   `json:"no_match,omitempty"` // what was done without a record
}

type certView struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
	SHA256    string    `json:"sha256"`
}

type checkView struct {
	Check       string `json:"check"`
	Certificate int    `json:"certificate"` // 0: the peer's own; -1: not sent
	Subject     string `json:"subject,omitempty"`
	OK          bool   `json:"ok"`
	Detail      string `json:"detail,omitempty"`
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func newView(r *tls.Record) view {
	v := view{
		Time: r.Started, Connection: r.Connection.String(), Role: "client", ServerName: r.ServerName, Protocol: r.Protocol,
		ECH: r.ECH, OuterName: r.OuterName, Resumed: r.Resumed, EarlyData: r.EarlyData, Retried: r.Retried, After: r.PostHandshake, Weak: r.Weak, Millis: millis(r.Duration),
	}
	if r.Server {
		v.Role = "server"
	}
	if r.Remote != nil {
		v.Peer = r.Remote.String()
	}
	v.PSK = string(r.PreSharedKey)
	v.PeerKey = hex.EncodeToString(r.PeerPublicKey)
	v.Version, v.Suite, v.Group, v.Scheme = r.Names()
	if f := r.Failure; f != nil {
		v.Failure = &failure{f.Fault, f.Sentence, f.Detail, f.Clause, f.By, f.State, f.Alert, f.Number}
		v.Findings = r.Explain()
	}
	return v
}

// addDetails adds what a line has no room for.
func (v *view) addDetails(r *tls.Record) {
	v.Offered = newOffer(r.ClientHello)
	for _, c := range r.Choices() {
		x := choice{Topic: c.Topic, Chosen: c.Chosen}
		for _, refused := range c.Refused {
			x.Refused = append(x.Refused, refusal{refused.Value, refused.Why})
		}
		v.Choices = append(v.Choices, x)
	}
	for _, s := range r.Steps() {
		v.Steps = append(v.Steps, step{millis(s.At), s.Kind, s.Name})
	}
	for _, ch := range r.Checks() {
		v.Checks = append(v.Checks, checkView{ch.Name, ch.Certificate, ch.Subject, ch.OK, ch.Detail})
	}
}

func newBindingView(h *endpoint.Handshake) *binding {
	path, ok := h.Path()
	if !ok {
		return nil
	}
	b := &binding{Rule: path.Result.Rule.String()}
	if found := path.Result.Binding; found != nil {
		b.Record, b.Site = found.Key.String(), found.Settings.Site
	} else {
		b.NoMatch = path.Result.NoMatch.String()
	}
	for _, s := range path.Shadowed() {
		b.Shadowed = append(b.Shadowed, s.Key.String())
	}
	return b
}

func newCertView(c *x509.Certificate) certView {
	sum := sha256.Sum256(c.Raw)
	v := certView{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: c.DNSNames,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Key: c.PublicKeyAlgorithm.String(), Signature: c.SignatureAlgorithm.String(), SHA256: hex.EncodeToString(sum[:]),
	}
	for _, ip := range c.IPAddresses {
		v.Names = append(v.Names, ip.String())
	}
	return v
}

// addChain adds what the peer sent. If it was not verified, the checks are made
// now: whoever is told not to heed them may want to see them.
func (v *view) addChain(chain []*x509.Certificate, roots *x509.CertPool, name string) {
	for _, c := range chain {
		v.Chain = append(v.Chain, newCertView(c))
	}
	if len(chain) == 0 || len(v.Checks) > 0 {
		return
	}
	result, _ := verify.Chain(verify.Request{Certificates: chain, Roots: roots, Name: name, Now: time.Now()})
	for _, s := range result.Steps() {
		v.Checks = append(v.Checks, checkView{s.Check.String(), s.Index, s.Subject, s.OK, s.Detail})
	}
}

// plain quotes text with characters that do not print, so that no stranger
// writes to the operator's terminal.
func plain(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return s
	}
	return strconv.Quote(s)
}
