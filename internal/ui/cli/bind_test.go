package cli

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/config"
)

// Every key that a binding or a site has in handsel.yaml can be said in a flag.
func TestFlagsOfSettings(t *testing.T) {
	for _, test := range []struct {
		typ  reflect.Type
		list []setting
		by   string // what is said without a flag
	}{{reflect.TypeFor[config.Binding](), bindSettings, "on"}, {reflect.TypeFor[config.Site](), siteSettings, "name"}} {
		var keys []string
		for i := range test.typ.NumField() {
			key, _, _ := strings.Cut(test.typ.Field(i).Tag.Get("json"), ",")
			if yaml := test.typ.Field(i).Tag.Get("yaml"); yaml != key {
				t.Errorf("%s is %s in JSON", yaml, key)
			}
			if key != test.by {
				keys = append(keys, key)
			}
		}
		var flags []string
		for _, s := range test.list {
			flags = append(flags, s.key)
		}
		slices.Sort(keys)
		slices.Sort(flags)
		if !slices.Equal(keys, flags) {
			t.Errorf("the keys %v have the flags %v", keys, flags)
		}
	}
}
