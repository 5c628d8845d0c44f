package telemetry

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// choices returns OpenTelemetry's variables that accept one of a few words.
func choices() map[string][]string {
	protocols, compressions := []string{"grpc", "http/protobuf"}, []string{"gzip", "none"}
	return map[string][]string{
		"OTEL_TRACES_EXPORTER":                  {"otlp", "console", "none"},
		"OTEL_EXPORTER_OTLP_PROTOCOL":           protocols,
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL":    protocols,
		"OTEL_EXPORTER_OTLP_COMPRESSION":        compressions,
		"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": compressions,
		"OTEL_TRACES_SAMPLER": {"always_on", "always_off", "traceidratio",
			"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"},
	}
}

// Check returns what is wrong with OpenTelemetry's variables, each by its name.
// Its library silently drops most values that it does not understand, and names
// neither variable nor value of the rest. Without tracing, nothing is an error.
func Check(getenv func(string) string) error {
	if !wanted(getenv) {
		return nil
	}
	var errs []error
	for name, words := range choices() {
		if value := getenv(name); value != "" && !slices.Contains(words, value) {
			errs = append(errs, fmt.Errorf("%s: %q is none of %s", name, value, strings.Join(words, ", ")))
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		// The value may contain a password, so the error does not quote it.
		if value := getenv(name); value != "" && !isEndpoint(value) {
			errs = append(errs, fmt.Errorf("%s: must be a URL such as http://collector:4318", name))
		}
	}
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	} {
		if value := getenv(name); value != "" && !isCount(value) {
			errs = append(errs, fmt.Errorf("%s: %q is not a whole number", name, value))
		}
	}
	const ratio = "OTEL_TRACES_SAMPLER_ARG"
	if value := getenv(ratio); value != "" && strings.HasSuffix(getenv("OTEL_TRACES_SAMPLER"), "traceidratio") && !isRatio(value) {
		errs = append(errs, fmt.Errorf("%s: %q is not a number from 0 to 1", ratio, value))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

func isCount(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0
}

func isRatio(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && n >= 0 && n <= 1
}
