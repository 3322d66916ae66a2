package explain

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Join explains a connection that was seen twice: near the client, and near the
// server. What arrived otherwise than it was sent was done between the two, which
// neither could have told alone. far is nil if the connection never came there.
func Join(near, far *Case) []Finding {
	v := newView(near)
	if far == nil {
		if near.Opened == Opened && len(near.Said) > 0 {
			v.add("answered-between", 85, "somebody answered the client, and at the server nothing arrived").but("the capture at the server may not have all its packets")
		}
	} else {
		v.compare(newView(far))
	}
	own := Explain(near)
	if far != nil && far.Ended.How == ByAlert && far.Ended.Known && !near.Ended.Known {
		own = Explain(far) // it could be read there
	}
	var joined []Finding
	for i := range v.found {
		v.finish(&v.found[i], i)
		joined = append(joined, v.found[i])
	}
	for i := range own {
		if len(joined) > 0 && own[i].Confidence != Known { // what was guessed is settled
			continue
		}
		joined = append(joined, own[i])
	}
	return joined[:min(len(joined), most)]
}

// compare looks for what became of the messages between the two.
func (v *view) compare(far *view) {
	hello := v.said(trace.Client, iana.MsgClientHello)
	switch {
	case len(v.Hellos) > 0 && len(far.Hellos) == 0 && far.First[0] == nil:
		v.add("hello-lost", certain, "the ClientHello was sent, and never arrived at the server").see(hello, "", "")
		return
	case len(v.Hellos) > 0 && len(far.Hellos) > 0 && !bytes.Equal(v.Hellos[0], far.Hellos[0]):
		v.add("altered-between", certain, "the ClientHello that arrived is another than the one that was sent: "+differ(v, far)).see(hello, "", "")
	}
	if a, b := v.Chains[trace.Server-1], far.Chains[trace.Server-1]; len(a) > 0 && len(b) > 0 && !bytes.Equal(a[0], b[0]) {
		v.add("altered-between", certain, "the certificate that the client saw is not the one that the server sent: TLS is opened between the two").
			see(v.said(trace.Server, iana.MsgCertificate), "Certificate.certificate_list", v.issuedBy())
	}
	if e := v.Ended; e.By == trace.Server && (e.How == ByRST || e.How == ByFIN) && (far.Ended.By != trace.Server || far.Ended.How != e.How) {
		v.add("reset-between", certain, fmt.Sprintf("the client saw the server end the connection (%s), and at the server it ended otherwise (%s by the %v)", e.How, far.Ended.How, far.Ended.By))
	}
	if e := far.Ended; e.By == trace.Client && e.How == ByRST && (v.Ended.By != trace.Client || v.Ended.How != ByRST) {
		v.add("reset-between", certain, "the server saw the client reset the connection, and the client did not")
	}
	if sent, came := far.count(trace.Server), v.count(trace.Server); sent > came {
		v.add("answer-lost", certain, fmt.Sprintf("the server sent %d messages, and %d arrived at the client", sent, came))
	}
}

// count counts the messages of a side.
func (v *view) count(of trace.Side) (n int) {
	for i := range v.Said {
		if v.Said[i].From == of && v.Said[i].Content == iana.ContentHandshake {
			n++
		}
	}
	return n
}

// differ says what of two ClientHellos is not the same.
func differ(a, b *view) string {
	switch {
	case !a.offered || !b.offered:
		return "one of them cannot be read"
	case a.offer.Hello.Random != nil && !bytes.Equal(a.offer.Hello.Random, b.offer.Hello.Random):
		return "somebody else speaks to the server"
	case !bytes.Equal(a.offer.Hello.CipherSuites, b.offer.Hello.CipherSuites):
		return "the cipher suites were changed"
	case a.offer.ServerName != b.offer.ServerName:
		return fmt.Sprintf("the name %q became %q", a.offer.ServerName, b.offer.ServerName)
	case !slices.Equal(a.groups(), b.groups()):
		return "the groups were changed"
	}
	return "its extensions were changed"
}
