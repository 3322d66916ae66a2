package sites

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func site(name, path string, hosts ...string) *Site {
	return &Site{Name: name, Path: path, Hosts: hosts}
}

func TestFind(t *testing.T) {
	r := NewRouter([]*Site{
		site("www", "/", "www.example.com", "example.com"),
		site("api", "/api/", "www.example.com"),
		site("api-v2", "/api/v2/", "www.example.com"),
		site("tenants", "/", "*.example.com"),
		site("any-health", "/health/"),
		site("fallback", "/never/"),
		site("v6", "/", "::1"),
	})
	tests := []struct{ host, path, fallback, want string }{
		{"www.example.com", "/", "", "www"},
		{"WWW.Example.COM:8443", "/x", "", "www"},
		{"www.example.com.", "/x", "", "www"},
		{"www.example.com", "/api", "", "api"},
		{"www.example.com", "/api/", "", "api"},
		{"www.example.com", "/apix", "", "www"},
		{"www.example.com", "/api/v2", "", "api-v2"},
		{"www.example.com", "/api/v2/../x", "", "api"},
		{"www.example.com", "/api/../x", "", "www"},
		{"www.example.com", "/x/../api/v2/", "", "api-v2"},
		{"www.example.com", "//api//v2//", "", "api-v2"},
		{"www.example.com", "/../../api", "", "api"},
		{"www.example.com", "", "", "www"},
		{"www.example.com", "*", "", "www"}, // OPTIONS *
		{"a.example.com", "/", "", "tenants"},
		{"a.b.example.com", "/", "", ""},
		{"other.org", "/health", "", "any-health"},
		{"other.org", "/", "", ""},
		{"other.org", "/", "fallback", "fallback"},
		{"[::1]:8443", "/", "", "v6"},
		{"[::1]", "/", "", "v6"},
		{"", "/", "", ""},
		{".", "/", "", ""},
		{"localhost", "/", "", ""},
	}
	for _, tt := range tests {
		got := ""
		if s := r.Find(tt.host, tt.path, tt.fallback); s != nil {
			got = s.Name
		}
		if got != tt.want {
			t.Errorf("%q %q, fallback %q: site %q, want %q", tt.host, tt.path, tt.fallback, got, tt.want)
		}
	}
}

func TestRedirects(t *testing.T) {
	tests := []struct {
		name    string
		handler http.Handler
		host    string
		target  string
		want    string
	}{
		{"path and query", Redirect("https://new.example.com/", 308), "old", "/a/b?c=d", "https://new.example.com/a/b?c=d"},
		{"two slashes stay on the host", Redirect("https://new.example.com", 308), "old", "//evil.example/x", "https://new.example.com//evil.example/x"},
		{"below a path", Redirect("https://new.example.com/old", 308), "old", "/x", "https://new.example.com/old/x"},
		{"443", ToHTTPS(443), "www.example.com:80", "/x?y", "https://www.example.com/x?y"},
		{"another port", ToHTTPS(8443), "www.example.com:8080", "/", "https://www.example.com:8443/"},
		{"IPv6", ToHTTPS(8443), "[::1]:8080", "/", "https://[::1]:8443/"},
		{"IPv6, 443", ToHTTPS(443), "[::1]", "/", "https://[::1]/"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "http://x/", nil)
		r.Host = tt.host
		r.URL.Path, r.RequestURI = tt.target, tt.target
		u, err := r.URL.Parse("http://" + "old" + tt.target)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		w := httptest.NewRecorder()
		tt.handler.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.name, w.Code, got, tt.want)
		}
	}
}
