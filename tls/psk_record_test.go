package tls

import "testing"

// The record says which key was chosen, and why others were not, by their
// identities.
func TestWhyAnotherKey(t *testing.T) {
	client, server := pskPair(pskOf("b"))
	client.PreSharedKeys = []PreSharedKey{pskOf("a"), pskOf("b")}
	m := rawMeet(t, client, server).good(t)
	for _, c := range []conn{m.client, m.server} {
		if got := choiceOf(c.(*Conn).Record(), "pre-shared key"); got.Chosen != "b" {
			t.Errorf("%+v", got)
		}
	}
	server = server.Clone()
	server.PreSharedKeys = []PreSharedKey{pskOf("c")}
	m = rawMeet(t, client, server).bad(t)
	got := choiceOf(m.server.(*Conn).Record(), "pre-shared key")
	if len(got.Refused) != 2 || got.Refused[0] != (Refusal{"a", "unknown here"}) || got.Refused[1].Value != "b" {
		t.Errorf("%+v", got)
	}
	key := pskOf("old")
	key.TLS12 = true
	client, server = pskPair(key)
	m = rawMeet(t, client, server).good(t)
	if got := choiceOf(m.server.(*Conn).Record(), "pre-shared key"); got.Chosen != "old" {
		t.Errorf("%+v", got)
	}
}

// choiceOf gives the last choice of a topic.
func choiceOf(r *Record, topic string) (last Choice) {
	for _, c := range r.Choices() {
		if c.Topic == topic {
			last = c
		}
	}
	return last
}
