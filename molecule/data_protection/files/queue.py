# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends an order through RabbitMQ and takes it back: queue.py URL [CA]."""

from __future__ import annotations

import ssl
import sys

import pika

parameters = pika.URLParameters(sys.argv[1])
if len(sys.argv) > 2:
    parameters.ssl_options = pika.SSLOptions(ssl.create_default_context(cafile=sys.argv[2]), parameters.host)
with pika.BlockingConnection(parameters) as connection:
    channel = connection.channel()
    name = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", name, b"an order")
    print(channel.basic_get(name, auto_ack=True)[2].decode())
