package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log"

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
	return []web.Form{
		{Name: "txt", Text: "Copy as text", Write: func(w io.Writer) error {
			v := full()
			v.tell(w, colors{}, false)
			return nil
		}},
		{Name: "json", Text: "Download JSON", Write: func(w io.Writer) error { return json.NewEncoder(w).Encode(full()) }},
	}
}
