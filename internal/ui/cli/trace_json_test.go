package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handsel-tls/handsel/internal/observe/flow"
)

// TestJSONLine: a line is what encoding/json makes of the view, with every field
// set, with none, and of all captures.
func TestJSONLine(t *testing.T) {
	var full traceView
	set(reflect.ValueOf(&full).Elem(), new(int))
	for i := range full.Messages {
		for _, c := range full.Messages[i].Certificates {
			c.json = asJSON(t, c)
		}
	}
	sameLine(t, &full)
	sameLine(t, &traceView{Messages: []traceMessage{}, Millis: -1.5})
	files, _ := filepath.Glob("../../../../shared/captures/*.pcap*")
	for _, name := range files {
		if filepath.Ext(name) == ".keys" {
			continue
		}
		err := silentTracer(&flow.Keys{Log: new(flow.KeyLog)}, func(s *flow.Story) {
			v := newTraceView(s, name)
			v.trees(s)
			sameLine(t, v)
		}).read(context.Background(), nil, name)
		if err != nil && filepath.Base(name) != "gen__odd-file-garbage.pcap" {
			t.Log(name, err)
		}
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func sameLine(t *testing.T, v *traceView) {
	t.Helper()
	var j jsonLine
	j.view(v)
	if want := asJSON(t, v); !bytes.Equal(j.b, want) {
		t.Errorf("not what encoding/json writes:\n%s", cmp.Diff(string(want), string(j.b)))
	}
}

// set gives every field a value of its own.
func set(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%d \" <\\ \u00e4 \x01", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(uint64(*n & 1))
	case reflect.Float64:
		v.SetFloat(float64(*n*1000+*n) / 1000)
	case reflect.Slice:
		if v.Type().Elem() == reflect.TypeFor[traceField]() && *n > 400 { // the tree ends
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		set(v.Index(0), n)
		set(v.Index(1), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				set(v.Field(i), n)
			}
		}
	default:
		panic(v.Kind())
	}
}
