"""What boto3's clients of Kinesis do.

PutRecords and PutRecordBatch answer 200 when some records were refused, and count those:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Listener, Sends

_MAKERS: Final = (
    "boto3.client",
    "boto3.Session().client",
    "boto3.session.Session().client",
    "aioboto3.Session().client",
    "aiobotocore.session.get_session().create_client",
)
_AGAIN: Final = "Send the records whose result has an ErrorCode again, or fail"

_PROCESSORS: Final = (
    "amazon_kclpy.kcl.RecordProcessorBase",
    "amazon_kclpy.v2.processor.RecordProcessorBase",
    "amazon_kclpy.v3.processor.RecordProcessorBase",
)

CLIENTS: Final = (
    ClientClass(
        names=_MAKERS,
        library="boto3's Kinesis client",
        package="boto3",
        role=ClientRole.CONNECTION,
        argument="kinesis",
        receives=frozenset({"get_records"}),
        moment=CommitMoment.NEVER,
        sends=(
            Sends(methods=frozenset({"put_record"}), loss=None, topic="StreamName"),
            Sends(
                methods=frozenset({"put_records"}),
                loss=Loss.PARTLY,
                topic="StreamName",
                counter="FailedRecordCount",
                remedy=_AGAIN,
                repair_title="Fail where records were refused",
            ),
        ),
    ),
    ClientClass(
        names=_MAKERS,
        library="boto3's Firehose client",
        package="boto3",
        role=ClientRole.CONNECTION,
        argument="firehose",
        sends=(
            Sends(methods=frozenset({"put_record"}), loss=None, topic="DeliveryStreamName"),
            Sends(
                methods=frozenset({"put_record_batch"}),
                loss=Loss.PARTLY,
                topic="DeliveryStreamName",
                counter="FailedPutCount",
                remedy=_AGAIN,
                repair_title="Fail where records were refused",
            ),
        ),
    ),
    ClientClass(
        names=("amazon_kclpy.kcl.KCLProcess",),
        library="the Kinesis Client Library",
        package="amazon_kclpy",
        role=ClientRole.CONSUMER,
        done=frozenset({"checkpoint"}),
        moment=CommitMoment.NEVER,
        listeners=(Listener(message_at=0, done_at=0, bases=_PROCESSORS, name="process_records"),),
    ),
)

TABLE: Final = BrokerTable(system="kinesis", noun="stream", packages=("boto3",), clients=CLIENTS)
