// Package kubernetes tests the manifests beside it: base, and example, which is made of
// it. They are built by kustomize's own library and decoded strictly into the types of
// Kubernetes; and the containers are run, as far as a machine without a cluster can:
// their own file systems, read-only, as the user and with the files that they are told
// to have there.
//
// It is a module of its own because of what that needs.
package kubernetes
