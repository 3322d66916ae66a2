package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

// maxBody is the longest request in bytes: a certificate with its chain and key
// has a few thousand, a configuration with 100,000 bindings some millions.
const maxBody = 256 << 20

// A route is an operation of the API.
type route struct {
	method, path string
	status       int // when it was done
	do           func(*Estate, *http.Request) (any, error)

	summary string
	query   []parameter
	in, out any // values of the types that are taken and given
}

type parameter struct {
	name, kind, about string
	required          bool
}

// routes are all operations.
var routes = []route{
	{"GET", "/v1/bindings", http.StatusOK, listBindings, "List all bindings, sorted as they are looked up",
		[]parameter{{"warnings", "boolean", "say what will surprise somebody", false}}, nil, BindingList{}},
	{"POST", "/v1/bindings", http.StatusCreated, addBinding, "Add a binding", nil, config.Binding{}, Binding{}},
	{"GET", "/v1/bindings/{key}", http.StatusOK, withKey(getBinding), "Show a binding", nil, nil, Binding{}},
	{"PATCH", "/v1/bindings/{key}", http.StatusOK, withKey(setBinding), "Change settings of a binding", nil, config.Binding{}, Binding{}},
	{"DELETE", "/v1/bindings/{key}", http.StatusNoContent, withKey(removeBinding), "Remove a binding", nil, nil, nil},
	{"GET", "/v1/lookup", http.StatusOK, lookup, "Tell how a connection is led to its binding", []parameter{
		{"ip", "string", "address of this computer that is connected to", true},
		{"port", "integer", "port that is connected to", true},
		{"sni", "string", "name that the client sends", false},
	}, nil, Lookup{}},
	{"GET", "/v1/certificates", http.StatusOK, listCertificates, "List all certificates, those that expire first in front", nil, nil, CertificateList{}},
	{"POST", "/v1/certificates", http.StatusCreated, importCertificate, "Import a certificate with its chain and key", nil, Import{}, Certificate{}},
	{"GET", "/v1/certificates/{name}", http.StatusOK, getCertificate, "Show a certificate, called by a thumbprint, how one begins, or a host name", nil, nil, Certificate{}},
	{"DELETE", "/v1/certificates/{name}", http.StatusNoContent, removeCertificate, "Remove a certificate with its key",
		[]parameter{{"force", "boolean", "even if bindings name it", false}}, nil, nil},
	{"POST", "/v1/certificates/{name}/export", http.StatusOK, exportCertificate, "Give a certificate as a file", nil, Export{}, Exported{}},
	{"POST", "/v1/certificates/{name}/renew", http.StatusOK, renewCertificate, "Have another certificate be issued in place of one of the local CA, or of acme:NAME", nil, nil, IssuedCertificate{}},
	{"POST", "/v1/issue", http.StatusCreated, issueCertificate, "Have the local CA issue a certificate", nil, Issuance{}, IssuedCertificate{}},
	{"GET", "/v1/sites", http.StatusOK, listSites, "List all sites", nil, nil, SiteList{}},
	{"POST", "/v1/sites", http.StatusCreated, addSite, "Add a site", nil, config.Site{}, Site{}},
	{"GET", "/v1/sites/{name}", http.StatusOK, getSite, "Show a site", nil, nil, Site{}},
	{"PATCH", "/v1/sites/{name}", http.StatusOK, setSite, "Change a site", nil, config.Site{}, Site{}},
	{"DELETE", "/v1/sites/{name}", http.StatusNoContent, removeSite, "Remove a site", nil, nil, nil},
	{"GET", "/v1/settings", http.StatusOK, getSettings, "Show where the store has the server listen, and what becomes of connections that nothing is bound to", nil, nil, Settings{}},
	{"PATCH", "/v1/settings", http.StatusOK, setSettings, "Change that", nil, Settings{}, Settings{}},
	{"GET", "/v1/acme", http.StatusOK, getACME, "Show which authority issues certificates", nil, nil, config.ACME{}},
	{"PUT", "/v1/acme", http.StatusOK, setACME, "Say which authority issues certificates, and agree to its terms", nil, config.ACME{}, config.ACME{}},
	{"POST", "/v1/apply", http.StatusOK, applyContents, "Make the store equal to what is sent, and tell the difference", nil, Application{}, Applied{}},
}

// openAPIPath is where the description of the API is.
const openAPIPath = "/v1/openapi.json"

// Handler gives the API. Whoever can reach it can do everything: it is for a
// socket that only the owner can open.
func (e *Estate) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) {
			req.Body = http.MaxBytesReader(w, req.Body, maxBody)
			result, err := r.do(e, req)
			if err != nil {
				answer(w, asError(err).Status, map[string]*Error{"error": asError(err)})
				return
			}
			answer(w, r.status, result)
		})
	}
	mux.HandleFunc("GET "+openAPIPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(OpenAPI())
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		err := fail("not_found", fmt.Errorf("there is no %s %s: GET /v1/openapi.json says what there is", r.Method, r.URL.Path))
		answer(w, err.Status, map[string]*Error{"error": err})
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if text, ok := body.(json.RawMessage); ok {
		w.Write(text)
		return
	}
	json.NewEncoder(w).Encode(body) // if it fails, nobody is there to be told
}

// read reads the body of a request.
func read[T any](r *http.Request) (value T, err error) {
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = config.FromJSON(text, &value)
	}
	if err != nil {
		return value, fail("wrong", fmt.Errorf("the request cannot be read: %w", err))
	}
	return value, nil
}

func withKey(do func(*Estate, bindings.Key, *http.Request) (any, error)) func(*Estate, *http.Request) (any, error) {
	return func(e *Estate, r *http.Request) (any, error) {
		k, err := bindings.ParseKey(r.PathValue("key"))
		if err != nil {
			return nil, fail("wrong", err)
		}
		return do(e, k, r)
	}
}

func listBindings(e *Estate, r *http.Request) (any, error) {
	warnings, _ := strconv.ParseBool(r.URL.Query().Get("warnings"))
	return e.bindingList(warnings)
}

func addBinding(e *Estate, r *http.Request) (any, error) {
	b, err := read[config.Binding](r)
	if err != nil {
		return nil, err
	}
	return e.AddBinding(b)
}

func getBinding(e *Estate, k bindings.Key, _ *http.Request) (any, error) { return e.Binding(k) }

func removeBinding(e *Estate, k bindings.Key, _ *http.Request) (any, error) {
	return nil, e.RemoveBinding(k)
}

func setBinding(e *Estate, k bindings.Key, r *http.Request) (any, error) {
	patch, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fail("wrong", err)
	}
	return e.SetBinding(k, patch)
}

func lookup(e *Estate, r *http.Request) (any, error) {
	q := r.URL.Query()
	addr, err := netip.ParseAddr(q.Get("ip"))
	if err != nil {
		return nil, fail("wrong", fmt.Errorf("ip: %q is no IP address of this computer", q.Get("ip")))
	}
	port, err := strconv.ParseUint(q.Get("port"), 10, 16)
	if err != nil || port == 0 {
		return nil, fail("wrong", errors.New("port: write 1 to 65535"))
	}
	return e.Lookup(netip.AddrPortFrom(addr, uint16(port)), q.Get("sni"))
}
