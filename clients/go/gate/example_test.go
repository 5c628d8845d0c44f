package gate_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"portico/clients/go/gate"
)

// A server that protects its API. The token comes from
// `portico gateway create --organization demo --name edge-1`.
func Example() {
	starting, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	g, err := gate.New(starting, gate.Options{
		URL:     "http://127.0.0.1:8081",
		Token:   os.Getenv("PORTICO_GATEWAY_TOKEN"),
		Product: "currency-rates",
	})
	if err != nil {
		log.Print(err)
		return
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, _ := gate.FromContext(r.Context())
		fmt.Fprintf(w, "Good day, %s.\n", v.App)
	})
	err = http.ListenAndServe("127.0.0.1:9000", g.Middleware(api))
	log.Print(err)

	// Report the last calls.
	ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := g.Close(ending); err != nil {
		log.Print(err)
	}
}
