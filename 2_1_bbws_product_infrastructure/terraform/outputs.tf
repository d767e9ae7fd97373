# What the functions' repositories and the scripts read from this root's state.

output "table_name" {
  description = "Name of the product table."
  value       = aws_dynamodb_table.products.name
}

output "table_arn" {
  description = "ARN of the product table; an index's is {this}/index/{index}."
  value       = aws_dynamodb_table.products.arn
}

output "change_queue_url" {
  description = "URL of the queue from which the creator takes changes."
  value       = aws_sqs_queue.work["change"].url
}

output "change_queue_arn" {
  description = "ARN of the change queue."
  value       = aws_sqs_queue.work["change"].arn
}

output "change_dlq_url" {
  description = "URL of the change queue's dead-letter queue."
  value       = aws_sqs_queue.dead_letter["change"].url
}

output "change_dlq_arn" {
  description = "ARN of the change queue's dead-letter queue."
  value       = aws_sqs_queue.dead_letter["change"].arn
}

output "audit_queue_url" {
  description = "URL of the queue from which the audit logger takes change records."
  value       = aws_sqs_queue.work["audit"].url
}

output "audit_queue_arn" {
  description = "ARN of the audit queue."
  value       = aws_sqs_queue.work["audit"].arn
}

output "audit_dlq_url" {
  description = "URL of the audit queue's dead-letter queue."
  value       = aws_sqs_queue.dead_letter["audit"].url
}

output "audit_dlq_arn" {
  description = "ARN of the audit queue's dead-letter queue."
  value       = aws_sqs_queue.dead_letter["audit"].arn
}

output "audit_bucket_name" {
  description = "Name of the bucket that keeps the audit trail."
  value       = local.audit_bucket_name
}

output "audit_bucket_arn" {
  description = "ARN of the audit bucket."
  value       = local.audit_bucket_arn
}

output "alert_topic_arn" {
  description = "ARN of the topic that alarms publish to."
  value       = aws_sns_topic.alerts.arn
}

output "runbooks" {
  description = "Where the runbooks are that alarms link: an address or a folder."
  value       = var.runbooks
}

output "api_id" {
  description = "Id of the REST API."
  value       = aws_api_gateway_rest_api.products.id
}

output "api_execution_arn" {
  description = "The API's part of a source ARN: {this}/{stage}/{METHOD}/{path}."
  value       = aws_api_gateway_rest_api.products.execution_arn
}

output "api_url" {
  description = "The API's address in AWS, or that of its domain where it answers there alone, up to and including the version."
  value       = "${local.execute_api_endpoint_disabled ? "https://${var.domain.name}" : aws_api_gateway_stage.products.invoke_url}/${aws_api_gateway_resource.version.path_part}"
}

output "api_clients" {
  description = "Who holds which valid key: the first 16 hex digits of the key's SHA-256, to the client's name and role."

  # A fingerprint doesn't give the key away.
  value = nonsensitive({
    for name, client in local.clients_by_api_key :
    substr(sha256(aws_api_gateway_api_key.client[name].value), 0, 16) => { name = client, role = var.api_clients[client].role }
  })
}

output "api_keys" {
  description = "Name, id and fingerprint of each client's valid keys, by client name; the first is in the client's secret."

  value = {
    for client, names in local.api_keys_by_client : client => [
      for name in names : {
        name        = name
        id          = aws_api_gateway_api_key.client[name].id
        fingerprint = nonsensitive(substr(sha256(aws_api_gateway_api_key.client[name].value), 0, 16))
      }
    ]
  }
}

output "api_key_secret_names" {
  description = "Name of the secret that holds a client's key, by client name."
  value       = { for name, secret in aws_secretsmanager_secret.client : name => secret.name }
}

output "allowed_origins" {
  description = "Web origins whose pages may call the API (CORS)."
  value       = var.allowed_origins
}
