package main

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	patterns := []string{"*-QUIC", "ALPN-Odd*", "Stale-*"}
	c := count(map[string]string{
		"ALPN-Odd-1": "FAIL", "ALPN-Odd-2": "PASS", "ALPN-Other": "FAIL", "Stale-1": "PASS", "Channel-1": "PASS", "SendChannelID": "SKIP",
	}, patterns)
	var sum row
	for _, r := range c.rows {
		sum.add(r)
	}
	if sum != (row{tests: 6, pass: 3, disabled: 1}) {
		t.Errorf("%+v", sum)
	}
	err := c.check()
	for _, want := range []string{"2 tests fail that config.json does not name: ALPN-Other SendChannelID", "1 patterns of it match none that fails: Stale-*"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if text := c.text(); !strings.Contains(text, "Channel ID                                        1      0         0      1") {
		t.Error(text)
	}
}

// Every test has a category: the last takes all, and is not one of BoringSSL's own.
func TestCategories(t *testing.T) {
	last := categories[len(categories)-1]
	if last.own || matches("anything", last.patterns) == "" {
		t.Errorf("the last category is %+v", last)
	}
}

// What config.json disables has a reason.
func TestReasons(t *testing.T) {
	patterns, err := disabled("../config.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range elsewhere {
		if matches(p, patterns) == "" {
			t.Errorf("%s is not disabled", p)
		}
	}
}
