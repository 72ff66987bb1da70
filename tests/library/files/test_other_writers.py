"""Nets that other programs have written again: each in the ways that its format allows."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
import safetensors.numpy
from onnx import TensorProto, numpy_helper

import files
from nets_core import Network, Trainer
from nets_core.files import npz, saving

NET = files.pictures()
NPZ = saving.dumps(NET)
RUN = files.adam_run()


def same(data: bytes, rtol: float = 0.0, net: Network = NET) -> None:
    for p, q in zip(saving.loads(data).parameters(), net.parameters(), strict=True):
        np.testing.assert_allclose(p, q, rtol=rtol, atol=0)
        assert p.dtype == q.dtype
        assert p.flags["C_CONTIGUOUS"]
        assert p.flags["WRITEABLE"]


def goes_on(data: bytes) -> None:
    """The run in the file makes the same next step as the one that was saved."""
    resumed = saving.resume(data, files.IMAGES, files.LABELS)
    again = saving.resume(saving.dumps(RUN), files.IMAGES, files.LABELS)
    for trainer in (resumed, again):
        trainer.test = None
        trainer.run(epochs=1)
    for p, q in zip(resumed.net.parameters(), again.net.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)


def members(data: bytes) -> dict[str, Any]:
    return dict(np.load(io.BytesIO(data)))


def zipped(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def npy(array: Any, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def by_hand(header: str, array: Any, version: int = 1, end: str = "\n") -> bytes:
    """An .npy file whose header is this text."""
    text = (header + end).encode("latin1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + array.tobytes()


class TestNpy:
    @pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
    @pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_numpy_s_own_variants(self, version: tuple[int, int], dtype: str, order: Any) -> None:
        arrays = {name: values for name, values in members(NPZ).items() if name != "header"}
        made = {f"{n}.npy": npy(np.asarray(a, dtype, order), version) for n, a in arrays.items()}
        header = npy(np.frombuffer(members(NPZ)["header"], np.uint8), version)
        same(zipped({"header.npy": header, **made}))

    def test_savez_and_savez_compressed(self) -> None:
        for save in (np.savez, np.savez_compressed):
            file = io.BytesIO()
            save(file, **members(saving.dumps(RUN)))
            same(file.getvalue(), net=RUN.net)
            goes_on(file.getvalue())

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10,)}",
            '{"shape":(10,),"fortran_order":False,"descr":"<f4"}',
            "{ 'shape' : ( 10 , ) ,\t'fortran_order': False,\n 'descr' : 'float32' , }",
            "  {'fortran_order': True, 'descr': \"=f4\", 'shape': (10,)}   ",
            "{'descr': 'f4', 'fortran_order': False, 'shape': (10,)}",
        ],
    )
    @pytest.mark.parametrize("version", [1, 2, 3])
    @pytest.mark.parametrize("end", ["\n", "", "   \n", "\n" * 9])
    def test_headers_of_every_form(self, header: str, version: int, end: str) -> None:
        """What NumPy reads, nets reads."""
        net = Network.mlp([7, 10], initializer="normal", seed=3)
        made = by_hand(header, net.layers[0].biases, version, end)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(np.load(io.BytesIO(made)), net.parameters()[1])
        same(zipped({**unzipped(saving.dumps(net)), "p1.npy": made}), net=net)

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1 0,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (,10)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10,), 'shape': (10,)}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10,)} {}",
            "{'descr': '<f4' 'fortran_order': False, 'shape': (10,)}",
            "{'descr': '<f4', 'fortran_order': 'False', 'shape': (10,)}",
            "{'descr': False, 'fortran_order': False, 'shape': (10,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (١٠,)}".encode().decode("latin1"),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (10,)}" + " " * 20_000,
        ],
    )
    def test_headers_that_are_none(self, header: str) -> None:
        made = by_hand(header, np.zeros(10, np.float32))
        net = saving.dumps(Network.mlp([7, 10]))
        with pytest.raises(ValueError, match="the file's array 'p1'"):
            saving.loads(zipped({**unzipped(net), "p1.npy": made}))

    @pytest.mark.parametrize("dtype", ["<c8", "<U3", "|S4", "|b1", "<M8[s]", "|V4"])
    def test_dtypes_that_are_not_numbers(self, dtype: str) -> None:
        made = npy(np.zeros(10, dtype))
        net = saving.dumps(Network.mlp([7, 10]))
        with pytest.raises(ValueError, match=r"'p1' has dtype .*: save it as float32 or float64"):
            saving.loads(zipped({**unzipped(net), "p1.npy": made}))


class Unseekable(io.RawIOBase):
    """A pipe: zipfile then writes sizes behind a member, in a data descriptor."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


class TestZip:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    @pytest.mark.parametrize("folder", ["", "./", "run/", "a/b c/", "run\\"])
    def test_packed_again_by_a_file_manager(self, method: int, folder: str) -> None:
        litter = {
            "__MACOSX/": b"",
            "__MACOSX/._header.npy": b"\x00\x05\x16\x07",
            "__MACOSX/run/._p0.npy": b"\x00\x05\x16\x07",
            ".DS_Store": b"\x00\x00\x00\x01Bud1",
            f"{folder}._p0.npy": b"\x00\x05\x16\x07",
            f"{folder}Thumbs.db": b"x",
            f"{folder}desktop.ini": b"x",
        }
        entries = {folder: b""} if folder.endswith("/") else {}
        inside = {folder + name: content for name, content in unzipped(NPZ).items()}
        same(zipped({**entries, **litter, **inside}, method))

    def test_zip64_and_data_descriptors(self) -> None:
        file, pipe = io.BytesIO(), Unseekable()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in unzipped(NPZ).items():
                with archive.open(name, "w", force_zip64=True) as member:
                    member.write(content)
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in unzipped(NPZ).items():
                archive.writestr(name, content)
        same(file.getvalue())
        same(bytes(pipe.data))

    def test_more_members_of_others_than_arrays_are_allowed(self) -> None:
        litter = {f"__MACOSX/._x{i}.npy": b"" for i in range(500)}
        same(zipped({**litter, **unzipped(NPZ)}))
        litter |= {f"__MACOSX/._y{i}.npy": b"" for i in range(npz.MOST_ENTRIES)}
        with pytest.raises(ValueError, match="members, expected at most"):
            saving.loads(zipped({**litter, **unzipped(NPZ)}))

    def test_several_folders_are_not_one_net(self) -> None:
        inside = {f"run/{name}": content for name, content in unzipped(NPZ).items()}
        with pytest.raises(ValueError, match="in several folders"):
            saving.loads(zipped({**inside, "p9.npy": inside["run/p0.npy"]}))

    def test_gzipped_as_a_whole(self) -> None:
        for format in saving.FORMATS:
            same(gzip.compress(saving.dumps(NET, format=format)) + bytes(100))
        with pytest.raises(ValueError, match="more than the 67,108,864 bytes"):
            saving.loads(gzip.compress(bytes(65 * 2**20)))


def safe_header(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def safe(header: dict[str, Any], body: bytes, padding: int = 0) -> bytes:
    text = json.dumps(header).encode() + b" " * padding
    return struct.pack("<Q", len(text)) + text + body


class TestSafetensors:
    DATA = saving.dumps(RUN, format="safetensors")

    def test_keys_in_any_order_and_padding(self) -> None:
        header, body = safe_header(self.DATA)
        for order in (sorted, lambda names: sorted(names, reverse=True)):
            for padding in (0, 1, 7, 1000):
                data = safe({name: header[name] for name in order(header)}, body, padding)
                assert safetensors.numpy.load(data).keys() == header.keys() - {"__metadata__"}
                same(data, net=RUN.net)
                goes_on(data)

    def test_the_official_library_s_file_with_empty_and_other_arrays(self) -> None:
        header, _ = safe_header(self.DATA)
        arrays = safetensors.numpy.load(self.DATA)
        extra: dict[str, Any] = {
            "empty": np.zeros((0, 3), np.float32),
            "a_half": np.zeros(3, np.float16),
            "counter": np.array(7),
            "mask": np.array([True, False]),
        }
        data = safetensors.numpy.save({**extra, **arrays}, header["__metadata__"])
        same(data, net=RUN.net)
        goes_on(data)

    @pytest.mark.parametrize(
        ("dtype", "rtol"),
        [(np.float16, 2**-10), (np.float64, 0), (ml_dtypes.bfloat16, 2**-8)],
    )
    def test_other_floats(self, dtype: Any, rtol: float) -> None:
        """Also a whole run's: what the optimizer remembers becomes float32 again."""
        header, _ = safe_header(self.DATA)
        arrays = safetensors.numpy.load(self.DATA)
        cast = {name: values.astype(dtype) for name, values in arrays.items()}
        data = safetensors.numpy.save(cast, header["__metadata__"])
        net = saving.loads(data)
        for i, p in enumerate(net.parameters()):
            np.testing.assert_array_equal(p, cast[f"p{i}"].astype(np.float32))
        same(data, rtol, RUN.net)
        resumed = saving.resume(data, files.IMAGES, files.LABELS)
        for i, mean in enumerate(resumed.optimizer.state["mean"]):
            np.testing.assert_array_equal(mean, cast[f"mean{i}"].astype(np.float32))

    @pytest.mark.parametrize("format", saving.FORMATS)
    def test_metadata_of_others_stay(self, format: str) -> None:
        texts = {"modelspec.title": "my net ✓", "training_comment": "{not JSON", "": "", "é": "\\"}
        header, body = safe_header(saving.dumps(NET, format="safetensors"))
        header["__metadata__"] |= texts
        data = safe(header, body)
        found = saving.header_of(data)["metadata"]
        assert found == texts
        again = saving.dumps(saving.loads(data), format=format, metadata=found)
        same(again)
        assert saving.header_of(again)["metadata"] == texts
        if format == "safetensors":
            assert safe_header(again)[0]["__metadata__"].items() >= texts.items()
        if format == "onnx":
            model = onnx.load_from_string(again)
            assert {p.key: p.value for p in model.metadata_props}.items() >= texts.items()

    def test_longer_metadata_than_a_header_holds_do_not_prevent_saving(self) -> None:
        header, body = safe_header(saving.dumps(NET, format="safetensors"))
        header["__metadata__"]["notes of others"] = "a" * 900_000
        found = saving.header_of(safe(header, body))
        assert saving.dumps(NET, metadata=found["metadata"])


Change = Callable[[onnx.ModelProto], object]


class TestOnnx:
    DATA = saving.dumps(RUN, format="onnx")

    def changed(self, change: Change) -> bytes:
        model = onnx.load_from_string(self.DATA)
        change(model)
        return model.SerializeToString()

    def tensors(self, model: onnx.ModelProto) -> list[TensorProto]:
        return [*model.graph.initializer, *model.training_info[0].algorithm.initializer]

    @pytest.mark.parametrize(
        ("dtype", "rtol"),
        [("FLOAT", 0), ("DOUBLE", 0), ("FLOAT16", 2**-10), ("BFLOAT16", 2**-8)],
    )
    @pytest.mark.parametrize("raw", [False, True])
    def test_numbers_in_every_field(self, dtype: str, rtol: float, raw: bool) -> None:
        code = TensorProto.DataType.Value(dtype)

        def change(model: onnx.ModelProto) -> None:
            for tensor in self.tensors(model):
                values = numpy_helper.to_array(tensor)
                if tensor.data_type == TensorProto.FLOAT:
                    values = values.astype(onnx.helper.tensor_dtype_to_np_dtype(code))
                    kind = code
                else:
                    kind = tensor.data_type  # a shape: int64_data
                content = values.tobytes() if raw else values.ravel()
                tensor.CopyFrom(
                    onnx.helper.make_tensor(tensor.name, kind, values.shape, content, raw)
                )

        data = self.changed(change)
        same(data, rtol, RUN.net)
        saving.resume(data, files.IMAGES, files.LABELS)

    def test_numbers_one_by_one(self) -> None:
        """protobuf's readers must accept a repeated field that is not packed."""
        net = Network.mlp([3, 2], seed=1)
        model = onnx.load_from_string(saving.dumps(net, format="onnx"))
        tensor = next(t for t in model.graph.initializer if t.name == "p1")
        values = numpy_helper.to_array(tensor)
        tensor.ClearField("raw_data")
        data = model.SerializeToString()
        bare = tensor.SerializeToString()
        one_by_one = bare + b"".join(b"\x25" + struct.pack("<f", v) for v in values)
        graph = model.graph.SerializeToString()
        for inner in (bare, graph):
            assert inner in data
        changed = graph.replace(field(5, bare), field(5, one_by_one))
        same(data.replace(field(7, graph), field(7, changed)), net=net)

    def test_documentation_and_what_is_not_known(self) -> None:
        def change(model: onnx.ModelProto) -> None:
            model.doc_string = model.graph.doc_string = "written again"
            model.producer_name, model.producer_version = "another", "9"
            model.ir_version = 10
            model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
            onnx.helper.set_model_props(
                model, {p.key: p.value for p in model.metadata_props} | {"author": "me", "e": ""}
            )
            model.graph.name = "main"
            model.graph.metadata_props.add(key="a", value="b")
            for i, node in enumerate(model.graph.node):
                node.name, node.doc_string = f"node {i}", "what it does"
                node.metadata_props.add(key="pass", value="none")
                kept = sorted(node.attribute, key=lambda attribute: attribute.name, reverse=True)
                del node.attribute[:]
                node.attribute.extend(kept)
                for attribute in node.attribute:
                    attribute.doc_string = "an attribute"
            for tensor in self.tensors(model):
                tensor.doc_string = "a tensor"
            model.graph.value_info.append(
                onnx.helper.make_tensor_value_info("relu3", TensorProto.FLOAT, ["batch", 9])
            )

        data = self.changed(change)
        onnx.checker.check_model(onnx.load_from_string(data))
        same(data, net=RUN.net)
        goes_on(data)
        metadata = saving.header_of(data)["metadata"]
        assert metadata == {"author": "me", "e": ""}

    def test_fields_in_another_order(self) -> None:
        """Protocol buffers have no order of fields: a writer may begin with the graph."""
        model = onnx.load_from_string(self.DATA)
        graph = onnx.ModelProto(graph=model.graph)
        model.ClearField("graph")
        same(graph.SerializeToString() + model.SerializeToString(), net=RUN.net)

    def test_without_the_optimizer_s_state_the_net_opens_and_the_run_does_not(self) -> None:
        data = self.changed(lambda model: model.ClearField("training_info"))
        same(data, net=RUN.net)
        with pytest.raises(saving.NoRun, match="the net opens, but its training run cannot go on"):
            saving.resume(data, files.IMAGES, files.LABELS)
        arrays = safetensors.numpy.load(TestSafetensors.DATA)
        header, _ = safe_header(TestSafetensors.DATA)
        few = {name: values for name, values in arrays.items() if name.startswith("p")}
        with pytest.raises(saving.NoRun, match="cannot go on"):
            saving.resume(
                safetensors.numpy.save(few, header["__metadata__"]), files.IMAGES, files.LABELS
            )

    def test_external_data_are_named(self, tmp_path: Path) -> None:
        model = onnx.load_from_string(self.DATA)
        onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, size_threshold=0)
        with pytest.raises(ValueError, match="in another file"):
            saving.loads((tmp_path / "net.onnx").read_bytes())
        assert len(list(tmp_path.iterdir())) == 2

    @pytest.mark.parametrize(
        "change",
        [
            lambda model: setattr(model.graph.node[1], "op_type", "Tanh"),
            lambda model: setattr(model.graph.node[1], "domain", "com.example"),
            lambda model: model.graph.node[-3].input.reverse(),
            lambda model: model.graph.node.pop(),
            lambda model: setattr(model.graph.node[-2].attribute[0], "i", 7),
        ],
    )
    def test_another_graph_is_refused(self, change: Change) -> None:
        with pytest.raises(ValueError, match="another program has changed the graph"):
            saving.loads(self.changed(change))


def field(number: int, content: bytes) -> bytes:
    """A field of a message that is bytes."""
    length, size = bytearray(), len(content)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes([*length, size]) + content


PAGE = b"\n\n<!DOCTYPE html>\n<html lang='en'><title>nets/net.npz at main</title></html>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 96971\n"
TORCH = zipped({"net/data.pkl": b"\x80\x02}q\x00.", "net/data/0": bytes(64), "net/version": b"3"})
KERAS = zipped({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": b"\x89HDF"})
INDEX = b'{"metadata": {"total_size": 7}, "weight_map": {"p0": "model-00001.safetensors"}}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PAGE, "this is a web page, not .*download the file itself"),
        (b"\xef\xbb\xbf<html><body>404 Not Found", "this is a web page, not "),
        (b"<!-- saved --><head><title>404", "this is a web page, not "),
        (gzip.compress(PAGE), "this is a web page, not "),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "this is an XML text"),
        (LFS, "this is a Git LFS pointer, not .*git lfs pull"),
        (PNG, "this is a PNG picture, not .*open a file that nets has saved"),
        (pickle.dumps({"w": [1, 2]}), "this is a Python pickle, which could run any code"),
        (pickle.dumps({"w": [1, 2]}, 2), "this is a Python pickle, which could run any code"),
        (TORCH, "this is a PyTorch file, which holds a pickle"),
        (KERAS, "this is a Keras file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "this is an HDF5 file, such as Keras's .h5"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(90), "this is a TensorFlow Lite file"),
        (b"GGUF\x03\x00\x00\x00" + bytes(90), "this is a GGUF file"),
        (b'{"layers": [784, 30, 10]}', "this is a text that begins with "),
        (b'[{"a": 1}, {"b": 2}]', "this is a text that begins with "),
        (INDEX, "this is the index of a net in several .safetensors files"),
        (npy(np.eye(3)), r"this is a single NumPy array \(.npy\)"),
        (zipped({"net.npz": NPZ}), "this is a zip archive, not .*unpack it and open 'net.npz'"),
        (zipped({"._net.npz": b"", "a/net.onnx": b""}), "unpack it and open "),
        (b"\x00\x05\x16\x07" + bytes(90), "this is what macOS notes about a file"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(90), "this is a 7z archive.*unpack it"),
        (b"", "the file is empty"),
        (b"1.0,2.0\n3.0,4.0\n", r"this is a text that begins with '1.0,2.0\\n3.0,4.0\\n', not "),
        (b"404: Not Found", "this is a text that begins with '404: Not Found', not "),
        ("é".encode() * 999, "this is a text that begins with 'éé"),
        (np.zeros(50, np.float32).tobytes(), "not an .npz, .safetensors or .onnx file"),
        (NPZ[:500], "not an .npz file, or it is damaged or cut off"),
        (b"\x08\x01\x12\x07\x0a\x05\x22\x03abc", "not an ONNX file, or it is damaged"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_files_of_other_kinds_are_named(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=f"^[^\n]*{words}[^\n]*$") as caught:
        saving.loads(data)
    assert len(str(caught.value)) < 300


def test_long_names_make_no_long_messages() -> None:
    long = "n" * 900_000
    header, body = safe_header(saving.dumps(NET, format="safetensors"))
    at = len(body)
    extra = {long: {"dtype": "X", "shape": [], "data_offsets": [at, at]}}
    metadata = {**header["__metadata__"], long: 5}
    layers = json.dumps({**NET.describe(), "layers": [{"type": "dense", "outputs": 1, long: 2}]})
    for data in (
        safe({**header, **extra}, body),
        safe({**header, "__metadata__": metadata}, body),
        safe({**header, "__metadata__": {**header["__metadata__"], "net": layers}}, body),
        safe({**header, "__metadata__": {**header["__metadata__"], "storage": long}}, body),
        zipped({**unzipped(NPZ), long[:60_000]: b""}),
        zipped({**unzipped(NPZ), f"{long[:60_000]}.npy": b""}),
    ):
        with pytest.raises(ValueError, match=r"^[^\n]{15,400}$"):
            saving.loads(data)


def test_a_net_from_another_writer_learns() -> None:
    net = saving.loads(TestOnnx.DATA)
    before = net.forward(files.IMAGES)
    Trainer(net, RUN.optimizer.__class__(0.01), files.IMAGES, files.LABELS).run(epochs=1)
    assert (net.forward(files.IMAGES) != before).any()
