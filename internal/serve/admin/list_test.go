package admin

import (
	"context"
	"testing"
	"time"
)

// What a list has to say of certificates is found out before somebody asks.
func TestStudy(t *testing.T) {
	port := freePort(t)
	h := newHost(t, "")
	names := []string{"one.localhost", "two.localhost"}
	for _, name := range names {
		h.mustDo("POST", "/v1/bindings", local(name, port), nil)
	}
	h.estate.facts.forget()
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { h.estate.Study(ctx); close(over) }()
	known := func() int {
		h.estate.mu.Lock()
		defer h.estate.mu.Unlock()
		return len(h.estate.facts.byName)
	}
	for deadline := time.Now().Add(10 * time.Second); known() < len(names); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d certificates are known", known())
		}
	}
	stop()
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Error("it does not stop")
	}
}

// The list is the same whether bindings are read one by one or all at once.
func TestListAsStored(t *testing.T) {
	port := freePort(t)
	h := newHost(t, "")
	reject := local("no.localhost", port)
	reject.Certificates, reject.Reject = nil, true
	h.mustDo("POST", "/v1/bindings", local("one.localhost", port), nil)
	h.mustDo("POST", "/v1/bindings", reject, nil)
	wrong := local("other.localhost", port)
	wrong.Certificates = []string{"local-ca:one.localhost"}
	h.mustDo("POST", "/v1/bindings", wrong, nil)
	var list BindingList
	h.mustDo("GET", "/v1/bindings?warnings=true", nil, &list)
	if len(list.Bindings) != 3 {
		t.Fatalf("%+v", list)
	}
	warned := 0
	for _, b := range list.Bindings {
		var one Binding
		h.mustDo("GET", "/v1/bindings/"+b.On, nil, &one)
		if one.On != b.On || one.Origin != b.Origin || one.Origin != fromStore || one.Reject != b.Reject || len(one.Certificates) != len(b.Certificates) {
			t.Errorf("%+v, alone %+v", b, one)
		}
		for _, w := range b.Warnings {
			if w.Code == "name-not-covered" && b.On == one.On {
				warned++
			}
		}
	}
	if warned != 1 {
		t.Errorf("%d names are not covered: %+v", warned, list)
	}
}
