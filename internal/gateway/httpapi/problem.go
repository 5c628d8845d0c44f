package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"portico/internal/fault"
)

// codeInvalid is the code of requests that are malformed.
const codeInvalid = string(fault.CodeBadUserInput)

// problem is a problem document of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func problemBody(status int, code, detail string) []byte {
	body, _ := json.Marshal(problem{ // strings and a number are always marshalled
		Type: "urn:portico:code:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail,
	})
	return body
}

// seconds returns a time to wait in whole seconds, at least one.
func seconds(d time.Duration) int64 {
	return max(1, int64((d+time.Second-1)/time.Second))
}
