"""Pictures to tower states: five views, their [CLS] states (LaViC, section 4.2), and a cache so that no picture is
encoded twice.

Cached are the tower's states [5, h] under hash(picture, tower weights), and the runtime where that is not torch; the
projector, two small matrix products, turns them into visual tokens when they are used, so that training it leaves the
cache valid. States that torch made serve every runtime. Those of a shopper's photo stay in memory, as long as the photo
is there.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Catalog, Product, blank_picture, open_picture, read_picture
from lavic_chat.errors import LavicError, PictureError
from lavic_chat.features.photo_memory import PhotoMemory
from lavic_chat.features.picture_keys import PictureKeys, PictureRef, read_bytes
from lavic_chat.model import VIEWS, VisionLanguageModel
from lavic_chat.storage.cache import VectorCache
from lavic_chat.storage.files import write_atomic
from lavic_chat.storage.runtime_cache import RuntimeCache

BATCH = 8  # pictures encoded together


class ImageEncoder:
    """Pictures to states [5, h], through the cache at `home`."""

    def __init__(self, model: VisionLanguageModel, home: str | Path):
        self.model = model
        path = Path(home) / "cache" / "visual" / f"{model.vision_hash[:24]}.sqlite"
        self.keys = PictureKeys(path.parent, model.vision_hash)
        self.photos = PhotoMemory()
        self.cache = RuntimeCache(VectorCache(path, (VIEWS, model.state_size)), model.tower_runtime)

    def encode_products(self, catalog: Catalog, products: Sequence[Product], progress: bool = False) -> Tensor:
        """[n, 5, h] of the products' main pictures; a picture that is missing or broken is seen as a blank."""
        if not products:
            return torch.empty(0, *self.cache.store.shape)
        return torch.stack([seen[0] for seen in self.encode_pictures(catalog, products, 1, progress)])

    def encode_pictures(
        self, catalog: Catalog, products: Sequence[Product], most: int, progress: bool = False
    ) -> list[Tensor]:
        """[k, 5, h] of each product's first pictures, at most so many; of one without any, [1, 5, h] of a blank."""
        views = [[PictureRef(product, place) for place in places_of(product, most)] for product in products]
        found = iter(self.keys.find(catalog, list(chain(*views))))
        keys = [[next(found) for _ in row] for row in views]
        states = self.recall(chain(*keys))
        pairs = zip(chain(*keys), chain(*views), strict=True)
        unseen = {key: view for key, view in pairs if key not in states}
        with tqdm(
            total=len(unseen), desc="Looking at pictures", unit="picture", disable=not (progress and unseen)
        ) as bar:
            for part in chunks(unseen.items(), BATCH):
                seen = self._encode_part(catalog, part)
                self.cache.put(seen)  # after every batch, so that a stopped run goes on from here
                states.update(seen)
                bar.update(len(part))
        return [torch.from_numpy(np.stack([states[key] for key in row])) for row in keys]

    def recall(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """What is known already, by key."""
        return self.cache.get(keys)

    @cached_property
    def blank(self) -> np.ndarray:
        """[5, h] of the blank that stands in for a picture that is missing or broken."""
        key = self.keys.of(b"")
        cached = self.recall([key])
        if key not in cached:
            cached = {key: self._encode([blank_picture()])[0]}
            self.cache.put(cached)
        return cached[key]

    def count_blanks(self, states: Tensor) -> int:
        """How many of the products' states [n, 5, h] are the blank's."""
        return int((states == torch.tensor(self.blank)).all(-1).all(-1).sum())

    def encode_photo(self, path: str | Path) -> Tensor:
        """[5, h] of a shopper's photo, of which nothing is written to the disk; raises PictureError when it cannot be
        used."""
        picture = open_picture(Path(path))
        key = self.keys.of(Path(path).read_bytes())
        states = self.photos.recall(path, key)
        if states is None:
            states = self._encode([picture])[0]
            self.photos.keep(path, key, states)
        return torch.from_numpy(states.copy())

    def save_states(self, catalog: Catalog, path: str | Path, most: int = 1) -> int:
        """Write the states of the products' first pictures, half precision, to ship with it; returns how many."""
        views = [PictureRef(product, place) for product in catalog for place in places_of(product, most)]
        states = self.cache.get(self.keys.find(catalog, views))
        data = save({key: torch.from_numpy(state.copy()).half() for key, state in sorted(states.items())})
        write_atomic(Path(path), data)
        return len(states)

    def adopt_states(self, path: str | Path) -> None:
        """Take shipped states into the cache; other weights' keys match no picture. One's own states stay where they
        round to the shipped ones, and give way where they do not: the shipped captions are of the shipped."""
        if not Path(path).is_file():
            return
        try:
            shipped = {key: state for key, state in load_file(path).items() if state.shape == self.cache.store.shape}
        except SafetensorError as error:
            raise LavicError(f"{path} is damaged; fetch the project again, or delete that file.") from error
        own = self.cache.get_reference(shipped)
        self.cache.put_reference({
            key: state.float().numpy()
            for key, state in shipped.items()
            if key not in own or not torch.equal(torch.tensor(own[key]).half(), state.half())
        })  # fmt: skip

    def _encode_part(self, catalog: Catalog, part: Sequence[tuple[str, "PictureRef"]]) -> dict[str, np.ndarray]:
        """States [5, h] by key; what is decoded are the very bytes that the key names."""
        seen, pictures = {}, {}
        for key, view in part:
            data = read_bytes(catalog.picture_path(view.product, view.place))
            if self.keys.of(data) != key:
                raise LavicError(
                    f"The picture of {view.product.id} changed while it was looked at; run the command again."
                )
            try:
                pictures[key] = read_picture(data)
            except PictureError:
                seen[key] = self.blank
        if pictures:
            seen.update(zip(pictures, self._encode(list(pictures.values())), strict=True))
        return seen

    @torch.inference_mode()
    def _encode(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        states = self._see(self.model.make_views(pictures)).float().cpu()
        return states.numpy().copy()  # else each would keep the tower's whole output alive, 2 MB a picture

    def _see(self, views: Tensor) -> Tensor:
        return self.model.encode_views(views)


class WholeImageEncoder(ImageEncoder):
    """Pictures to the state [1, h] of their first view alone, the whole picture, for a fifth of the work; none where
    all five are known."""

    def __init__(self, model: VisionLanguageModel, home: str | Path):
        super().__init__(model, home)
        self.all_views = self.cache
        path = self.all_views.store.path
        store = VectorCache(path.with_name(f"{path.stem}-whole.sqlite"), (1, model.state_size))
        self.cache = RuntimeCache(store, model.tower_runtime)

    def recall(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """See the base."""
        wanted = list(keys)
        known = {key: states[:1] for key, states in self.all_views.get(wanted).items()}
        return known | self.cache.get(key for key in wanted if key not in known)

    def _see(self, views: Tensor) -> Tensor:
        return self.model.encode_view(views[:, 0])[:, None]


def places_of(product: Product, most: int) -> range:
    """The places of its first pictures; a product without any has that of a blank."""
    return range(max(1, min(most, len(product.images))))


def chunks(items: Iterable, size: int) -> Iterable[list]:
    """Lists of at most `size` items."""
    part = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
