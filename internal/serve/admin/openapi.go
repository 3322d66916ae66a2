package admin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

// OpenAPI describes the API as OpenAPI 3.1 has it, made of the routes and of the
// types that they take and give.
func OpenAPI() []byte {
	d := document{schemas: object{}}
	paths := object{}
	for _, r := range routes {
		at, _ := paths[r.path].(object)
		if at == nil {
			at = object{}
			paths[r.path] = at
		}
		at[strings.ToLower(r.method)] = d.operation(&r)
	}
	paths[openAPIPath] = object{"get": object{"operationId": "get-openapi.json", "summary": "Describe the API, as this does",
		"responses": object{"200": object{"description": "It was done.", "content": object{"application/json": object{"schema": object{"type": "object"}}}}}}}
	failed := object{"description": "It was not done.", "content": object{"application/json": object{"schema": object{
		"type": "object", "required": []string{"error"}, "properties": object{"error": d.schema(reflect.TypeFor[Error]())},
	}}}}
	text, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "Handsel", "version": "1", "license": object{"name": "Apache 2.0", "identifier": "Apache-2.0"},
			"description": "Bindings, certificates and sites of a server, changed while it runs. It is served on the Unix socket admin.sock in the data folder, and over TLS with certificates of clients if that is wanted."},
		"servers":    []object{{"url": "http://handsel", "description": "the Unix socket"}},
		"paths":      paths,
		"components": object{"schemas": d.schemas, "responses": object{"Failed": failed}},
		"security":   []object{},
	}, "", "  ")
	if err != nil {
		panic(err) // it is made of maps and texts
	}
	return append(text, '\n')
}

// document collects the types that operations name.
type document struct{ schemas object }

var inPath = regexp.MustCompile(`\{(\w+)\}`)

func (d *document) operation(r *route) object {
	var parameters []object
	for _, m := range inPath.FindAllStringSubmatch(r.path, -1) {
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range r.query {
		parameters = append(parameters, object{"name": q.name, "in": "query", "required": q.required, "description": q.about, "schema": object{"type": q.kind}})
	}
	done := object{"description": "It was done."}
	if r.out != nil {
		done["content"] = object{"application/json": object{"schema": d.schema(reflect.TypeOf(r.out))}}
	}
	op := object{
		"operationId": strings.ToLower(r.method) + strings.NewReplacer("/v1", "", "/", "-", "{", "", "}", "").Replace(r.path),
		"summary":     r.summary,
		"responses":   object{strconv.Itoa(r.status): done, "default": object{"$ref": "#/components/responses/Failed"}},
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if r.in != nil {
		kind, schema := "application/json", d.schema(reflect.TypeOf(r.in))
		if r.method == "PATCH" { // the keys that are to be other ones
			kind = "application/merge-patch+json"
		}
		op["requestBody"] = object{"required": true, "content": object{kind: object{"schema": schema}}}
	}
	return op
}

// schema gives what JSON a type is written as. Structs have a name and are
// described once.
func (d *document) schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint16:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Struct:
		name := nameOf(t)
		if d.schemas[name] == nil {
			properties, required := object{}, []string{}
			d.schemas[name] = object{} // it may be in itself
			d.fields(t, properties, &required)
			s := object{"type": "object", "properties": properties, "additionalProperties": false}
			if len(required) > 0 {
				s["required"] = required
			}
			d.schemas[name] = s
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	panic(fmt.Sprintf("%v has no place in the API", t))
}

// nameOf names a type. What stands in handsel.yaml is told from what the API
// says of it.
func nameOf(t reflect.Type) string {
	if strings.HasSuffix(t.PkgPath(), "/config") {
		return "Config" + t.Name()
	}
	return t.Name()
}

func (d *document) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			d.fields(f.Type, properties, required)
		case name == "-" || !f.IsExported():
		default:
			properties[name] = d.schema(f.Type)
			if !strings.Contains(options, "omit") {
				*required = append(*required, name)
			}
		}
	}
}
