"""Token counts of texts, by the tokenizer of the model that wrote them."""

from collections.abc import Sequence
from pathlib import Path

from store.errors import SourceError, StoreError
from store.extras import install_command


class TokenCounter:
    """Counts tokens with a ``tokenizer.json`` of Hugging Face's tokenizers.

    Args:
        path: the file, or the model's directory that holds it.

    Raises:
        StoreError: the library ``tokenizers`` is not installed.
        SourceError: the file is no tokenizer.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path):
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise StoreError(
                f"tokenizers is not installed; install it with `{install_command('tokenizer')}`,"
                " or give"
                " `tokens` for every branch"
            ) from error
        file = path / "tokenizer.json" if path.is_dir() else path
        content = file.read_bytes()
        try:
            self._tokenizer = Tokenizer.from_buffer(content)
        except ValueError as error:
            raise SourceError(f"is not a tokenizer.json: {error}", path=file) from error
        # Some files ask for texts to be cut or padded to a length, which would falsify the counts.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, without special tokens at its ends."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]
