# What AWS would answer, where something is made of it or the provider checks the form of it.

mock_resource "aws_iam_policy" {
  defaults = {
    arn = "arn:aws:iam::000000000000:policy/the-policy"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn       = "arn:aws:iam::000000000000:role/the-role"
    unique_id = "AROATHEROLE"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:000000000000:key/12345678-1234-1234-1234-123456789012"
  }
}
