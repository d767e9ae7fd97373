# Runs the product service on this computer. PORT=4600 make up runs a second one beside the first.
PYTHON ?= python3

COMMANDS := up down clean status logs demo test lint check terraform rehearse unit integration e2e conformance bench docs examples format setup

.PHONY: help sync $(COMMANDS)

help: ## Show these lines.
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

up:          ## Bring the whole service up, or what changed of it; PORT=4600 for another port.
down:        ## Stop it; its data stays.
clean:       ## Stop it and remove its data.
status:      ## Say what runs.
logs:        ## Follow one function: FUNCTION=product_creator
demo:        ## Walk a product through its life and show each answer.
test:        ## Everything below, on a stack of its own that is gone afterwards.
lint:        ## Formats, types, Terraform, the OpenAPI document, workflows, shell scripts, and the template's copies.
check:       ## Does every repository agree with the template?
terraform:   ## terraform test in every root.
rehearse:    ## What people and workflows do to an AWS account: set-up, deployments, a rollback, in local ones.
unit:        ## Every repository's unit tests, each by itself.
integration: ## What crosses a queue, table or bucket; on the stack of PORT if it runs.
e2e:         ## Through the API alone; with API_URL and API_KEY against that address.
conformance: ## The API against its OpenAPI document; EXAMPLES=2000 tries more, SEED=… the same again.
bench:       ## How fast and light the functions are beside what people would pick instead; ROUNDS=… for more.
docs:        ## Make the reference page; make up serves it beside the API.
examples:    ## Bring the OpenAPI document's examples and their hashes in line with the fields of a product.
format:      ## Format the Python and the Terraform.
setup:       ## Make the virtual environments and fetch the Terraform provider.

$(COMMANDS):
	@$(PYTHON) -m local $@

sync: ## Copy the template into the repositories.
	@$(PYTHON) template/sync
