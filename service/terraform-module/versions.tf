terraform {
  # terraform_data is built in from 1.4 on, check blocks from 1.5 on.
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}
