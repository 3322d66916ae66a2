package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/ui/web"
)

// defaultPage is where the page of a server is unless somebody says otherwise.
const defaultPage = "127.0.0.1:8447"

// noPage is the address of no page.
const noPage = "none"

// servePage opens the page of a server. One that cannot be had is no reason not to
// serve: it is said. It may give nil.
func (a *app) servePage(f serveFlags, o web.Options) (*web.Page, error) {
	if f.webListen == noPage {
		return nil, nil
	}
	o.Errors = log.New(a.err, "page: ", 0)
	page, err := web.Listen(f.webListen, o)
	if err != nil && f.webListen == defaultPage { // another server has it
		page, err = web.Listen("127.0.0.1:0", o)
	}
	if err != nil {
		return nil, &exitError{exitNetwork, fmt.Errorf("the page cannot be served: %w\nchoose another address with --web-listen, or none", err)}
	}
	return page, nil
}

// handshakeForms are the ways to take a handshake away.
func handshakeForms(h *endpoint.Handshake) []web.Form {
	full := func() view {
		v := newView(h.Record)
		v.addDetails(h.Record)
		v.Binding = newBindingView(h)
		return v
	}
	forms := []web.Form{
		{Name: "txt", Text: "Copy as text", Write: func(w io.Writer) error {
			v := full()
			v.tell(w, colors{}, false)
			return nil
		}},
		{Name: "json", Text: "Download JSON", Write: func(w io.Writer) error { return json.NewEncoder(w).Encode(full()) }},
	}
	if len(h.Passages) > 0 {
		forms = append(forms, web.Form{Name: "pcapng", Text: "Download pcapng", Write: func(w io.Writer) error { return packetsSaid(w, h) }})
	}
	return forms
}

// saidNote stands in the file that packetsSaid writes.
const saidNote = "What the two sides said is as it was on the wire; the packets around it are made up, for a server does not see them."

// packetsSaid writes what was said in a handshake as a capture, without secrets. The
// server has seen no packets: those of TCP are made around it.
func packetsSaid(w io.Writer, h *endpoint.Handshake) error {
	remote, err := netip.ParseAddrPort(h.Remote.String())
	if err != nil {
		return err
	}
	local, err := netip.ParseAddrPort(h.Local.String())
	if err != nil {
		return err
	}
	out := pcap.NewWriter(w, nil)
	note := saidNote
	var failed error
	c := synth.New(remote.String(), local.String(), func(p *pcap.Packet) {
		p.Comment, note = note, ""
		failed = errors.Join(failed, out.Write(p))
	})
	c.Step = 0
	c.Time = h.Started.UnixNano()
	c.Open()
	for _, p := range h.Passages {
		c.Time = h.Started.Add(p.At).UnixNano()
		from := trace.Client
		if p.Sent {
			from = trace.Server
		}
		c.Send(from, p.Bytes)
	}
	return errors.Join(failed, out.Flush())
}
