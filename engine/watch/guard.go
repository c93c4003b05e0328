package watch

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// headers tell a browser to run, show and send nothing but what comes from here,
// to let no other page have it, and to keep nothing.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cache-Control":                "no-store",
}

// guarded lets only those through to h who may look.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		switch {
		case rebound(r):
			http.Error(w, "this address is for this machine only, which is called localhost here, not "+hostOf(r), http.StatusForbidden)
		case foreign(r):
			http.Error(w, "this is not for other pages", http.StatusForbidden)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// rebound tells whether a request that came over loopback is one that a page of
// elsewhere made, after the name it came from was made to mean this machine: the
// browser then takes us for part of that page, and sends that name. Numbers cannot
// be made to mean anything else.
func rebound(r *http.Request) bool {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if at == nil || !local(at) {
		return false
	}
	host := hostOf(r)
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost")
}

// hostOf is the host that a request is meant for, without its port.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// foreign tells whether a page of elsewhere asks for a part of ours. It could not
// read it, but would take places of those who may. To follow a link is no harm.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}
