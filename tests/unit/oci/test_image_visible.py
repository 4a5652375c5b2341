"""What becomes of a layer's files in the layers above."""

from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.oci.visible import Collector, Stack, normal

SETS = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a"]


class Model:
    """A file system that layers are applied to, one after the other, as a runtime unpacks them: each file is (layer, number)."""

    def __init__(self):
        self.files = {}
        self.folders = {""}

    def remove(self, path):
        for name in [name for name in self.files if name == path or name.startswith(path + "/")]:
            del self.files[name]
        self.folders -= {name for name in self.folders if name == path or name.startswith(path + "/")}

    def mkdirs(self, path):
        at = ""
        for part in path.split("/")[:-1]:
            at = f"{at}/{part}" if at else part
            if at in self.files:
                self.remove(at)
            self.folders.add(at)

    def apply(self, number, entries):
        for kind, path, *_ in entries:
            if kind == "gone":
                self.remove(path)
            elif kind == "opaque":
                for name in [*self.files, *self.folders]:
                    if name.startswith(path + "/"):
                        self.remove(name)
        count = 0
        for kind, path, *target in entries:
            if kind in ("gone", "opaque"):
                continue
            self.mkdirs(path)
            if kind == "folder":
                if path in self.files:
                    self.remove(path)
                self.folders.add(path)
                continue
            source = self.files.get(target[0]) if target else (number, count)
            self.remove(path)
            if source is not None:
                self.files[path] = source
            count += 1


def collected(entries):
    names = Collector()
    for kind, path, *target in entries:
        folder, _, name = path.rpartition("/")
        lead = folder + "/" if folder else ""
        if kind == "gone":
            names.file(f"{lead}.wh.{name}".encode())
        elif kind == "opaque":
            names.file(f"{path}/.wh..wh..opq".encode())
        elif kind == "folder":
            names.folder(path.encode())
        elif kind == "link":
            names.link(path.encode(), target[0].encode())
        else:
            names.file(path.encode())
    return names.names()


entries = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["file", "file", "file", "folder", "gone"]), st.sampled_from(SETS)),
        st.tuples(st.just("opaque"), st.sampled_from(["d", "d/e"])),
        st.tuples(st.just("link"), st.sampled_from(SETS), st.sampled_from(SETS)),
    ),
    max_size=5,
)


def tidy(layer):
    """Layers as programs write them: nothing both removed and there, no name under a file of the same layer."""
    kept = []
    for entry in layer:
        paths = {path for _, path, *_ in kept}
        if entry[1] in paths or any(entry[1].startswith(path + "/") and kind != "folder" for kind, path, *_ in kept):
            continue
        if entry[0] != "folder" and any(path.startswith(entry[1] + "/") for path in paths):
            continue
        kept.append(entry)
    return kept


@settings(max_examples=400)
@given(st.lists(entries, min_size=1, max_size=4))
def test_the_final_image_shows_what_unpacking_leaves(layers):
    # A link stands behind the file it leads to, in the same layer.
    layers = [tidy(layer) for layer in layers]
    layers = [[entry for place, entry in enumerate(layer) if entry[0] != "link" or any(e[:2] == ("file", entry[2]) for e in layer[:place])] for layer in layers]
    layers = [[entry for entry in layer if not (entry[0] == "opaque" and any(e[0] != "folder" and e[1] == entry[1] for e in layer))] for layer in layers]
    model = Model()
    for number, layer in enumerate(layers):
        model.apply(number, layer)
    stack = Stack([collected(layer) for layer in layers])
    left = set(model.files.values())
    for number, layer in enumerate(layers):
        count = 0
        for kind, path, *_ in layer:
            if kind == "file":
                assert (stack.removed_in(number, path.encode(), count) is None) == ((number, count) in left), (layers, number, path)
            count += kind in ("file", "link")


def test_a_file_that_a_later_layer_removes_names_that_layer():
    stack = Stack([collected([("file", "etc/key")]), collected([("file", "x")]), collected([("gone", "etc/key")]), collected([("file", "etc/key")])])
    assert stack.removed_in(0, b"etc/key", 0) == 2
    assert stack.removed_in(3, b"etc/key", 0) is None


def test_a_folder_removed_takes_what_is_in_it():
    stack = Stack([collected([("file", "a/b/c")]), collected([("gone", "a")])])
    assert stack.removed_in(0, b"a/b/c", 0) == 1


def test_a_whiteout_concerns_lower_layers_alone():
    stack = Stack([collected([("file", "d/a")]), collected([("opaque", "d"), ("file", "d/b")])])
    assert stack.removed_in(0, b"d/a", 0) == 1
    assert stack.removed_in(1, b"d/b", 0) is None


def test_another_type_in_its_place_replaces_it():
    assert Stack([collected([("file", "a")]), collected([("folder", "a")])]).removed_in(0, b"a", 0) == 1
    assert Stack([collected([("file", "a/b")]), collected([("file", "a")])]).removed_in(0, b"a/b", 0) == 1


def test_of_two_of_one_name_in_a_layer_the_later_one_stays():
    stack = Stack([collected([("file", "a"), ("file", "b"), ("file", "a")])])
    assert stack.removed_in(0, b"a", 0) == 0
    assert stack.removed_in(0, b"a", 2) is None


def test_a_hard_link_keeps_what_its_other_name_loses():
    linked = collected([("file", "a"), ("link", "b", "a")])
    assert Stack([linked, collected([("gone", "a")])]).removed_in(0, b"a", 0) is None
    assert Stack([linked, collected([("gone", "a")]), collected([("gone", "b")])]).removed_in(0, b"a", 0) == 2
    assert Stack([linked]).links(0, b"a") == [b"b"]


def test_names_are_put_right():
    assert normal(b"./etc//passwd") == b"etc/passwd"
    assert normal(b"/etc/passwd") == b"etc/passwd"
    assert normal(b"../../etc/../x/") == b"x"
    assert normal(b"./") == b""
    assert normal(b"etc/.config/a") == b"etc/.config/a"
    assert normal(b"..data/x") == b"..data/x"
