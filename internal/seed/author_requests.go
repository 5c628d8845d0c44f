package seed

import (
	"context"
	"fmt"

	"portico/ent/db"
	"portico/internal/lifecycle"
	"portico/internal/requests"
)

// keyRequest asks for subscriptions of an app and a key at once, and does with the request
// what happens to it later. Nobody collects a key here: it waits for whoever signs in.
func (a *author) keyRequest(admin, owner context.Context, app *db.App, x keyRequest) error {
	in := requests.RequestKeyInput{AppID: app.GlobalID(), Name: x.Name, Environment: x.Environment}
	for _, p := range x.Plans {
		of, err := find(a.offers, "product", p.Product)
		if err != nil {
			return err
		}
		chosen, err := find(of.plans, "plan", p.Plan)
		if err != nil {
			return err
		}
		in.Plans = append(in.Plans, requests.Plan{ProductID: of.GlobalID(), PlanID: new(chosen.GlobalID()), Answers: p.Answers, AcceptedTermsVersion: of.accepted(owner)})
	}
	requested, err := a.Requests.RequestKey(owner, in)
	for _, action := range x.Actions {
		if err != nil {
			break
		}
		a.step()
		decide := requests.DecideInput{KeyRequestID: requested.Request.GlobalID(), Reason: x.Reason}
		switch action {
		case lifecycle.ApproveKeyRequest:
			_, err = a.Requests.Approve(admin, decide)
		case lifecycle.RejectKeyRequest:
			_, err = a.Requests.Reject(admin, decide)
		default:
			err = fmt.Errorf("seed: nobody does %s", action)
		}
	}
	return err
}
