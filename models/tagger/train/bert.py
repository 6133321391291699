# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoder, as transformers' BertModel has it (post-norm, erf GELU), with
the same names of parameters, so that a folder written here loads there as
BertForMaskedLM or BertForTokenClassification and back."""
import json
import os

import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

SHARD = 15 << 20    # bytes a file of weights has at most, when asked to split


def config(vocab_size, hidden=384, layers=6, heads=12, ffn=1536,
           positions=256):
    return {
        "model_type": "bert", "vocab_size": vocab_size,
        "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "intermediate_size": ffn,
        "hidden_act": "gelu", "max_position_embeddings": positions,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "initializer_range": 0.02, "position_embedding_type": "absolute",
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
        "pad_token_id": 0, "tie_word_embeddings": True,
    }


def attention(q, k, v, mask, p):
    """torch's own, which Debian's torch (1.13) lacks."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, mask, p)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    return F.dropout(scores.softmax(-1), p, p > 0) @ v


class Box(nn.Module):
    """A named place for modules: BERT nests its names deeply."""

    def __init__(self, /, **modules):
        super().__init__()
        for name, module in modules.items():
            setattr(self, name, module)


class Layer(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        h, f, eps = (c["hidden_size"], c["intermediate_size"],
                     c["layer_norm_eps"])
        self.heads, self.dropout = c["num_attention_heads"], dropout
        self.attention = Box(
            self=Box(query=nn.Linear(h, h), key=nn.Linear(h, h),
                     value=nn.Linear(h, h)),
            output=Box(dense=nn.Linear(h, h), LayerNorm=nn.LayerNorm(h, eps)))
        self.intermediate = Box(dense=nn.Linear(h, f))
        self.output = Box(dense=nn.Linear(f, h), LayerNorm=nn.LayerNorm(h, eps))

    def forward(self, x, mask):
        p = self.dropout if self.training else 0.0
        own = getattr(self.attention, "self")
        q, k, v = own.query, own.key, own.value
        b, n, h = x.shape
        qkv = F.linear(x, torch.cat([q.weight, k.weight, v.weight]),
                       torch.cat([q.bias, k.bias, v.bias]))
        q, k, v = qkv.view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = attention(q, k, v, mask, p)
        out = self.attention.output
        y = out.dense(y.transpose(1, 2).reshape(b, n, h))
        x = out.LayerNorm(x + F.dropout(y, p, p > 0))
        y = self.output.dense(F.gelu(self.intermediate.dense(x)))
        return self.output.LayerNorm(x + F.dropout(y, p, p > 0))


class Bert(nn.Module):
    """The encoder with one of two heads: cls (masked words), or classifier
    (a label a token)."""

    def __init__(self, c, labels=0, dropout=0.0):
        super().__init__()
        h, eps = c["hidden_size"], c["layer_norm_eps"]
        self.config, self.dropout = c, dropout
        self.bert = Box(
            embeddings=Box(
                word_embeddings=nn.Embedding(c["vocab_size"], h),
                position_embeddings=nn.Embedding(
                    c["max_position_embeddings"], h),
                token_type_embeddings=nn.Embedding(c["type_vocab_size"], h),
                LayerNorm=nn.LayerNorm(h, eps)),
            encoder=Box(layer=nn.ModuleList(
                Layer(c, dropout) for _ in range(c["num_hidden_layers"]))))
        if labels:
            self.classifier = nn.Linear(h, labels)
        else:
            self.cls = Box(predictions=Box(transform=Box(
                dense=nn.Linear(h, h), LayerNorm=nn.LayerNorm(h, eps))))
            self.cls.predictions.bias = nn.Parameter(
                torch.zeros(c["vocab_size"]))
        self.apply(self.first_weights)

    def first_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=self.config["initializer_range"])
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def encode(self, ids, positions=None, mask=None):
        """mask: bool, [batch, 1, 1, tokens], where there is a token."""
        e = self.bert.embeddings
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)
        x = (e.word_embeddings(ids) + e.position_embeddings(positions) +
             e.token_type_embeddings.weight[0])
        x = F.dropout(e.LayerNorm(x), self.dropout, self.training)
        for layer in self.bert.encoder.layer:
            x = layer(x, mask)
        return x

    def words(self, x):
        """Scores over the vocabulary for hidden states."""
        t = self.cls.predictions.transform
        x = t.LayerNorm(F.gelu(t.dense(x)))
        return F.linear(x, self.bert.embeddings.word_embeddings.weight,
                        self.cls.predictions.bias)

    def labels(self, x):
        return self.classifier(F.dropout(x, self.dropout, self.training))


def write(folder, model, extra=None, dtype=torch.float16, split=False):
    """config.json and the weights; with split, in shards of SHARD bytes."""
    os.makedirs(folder, exist_ok=True)
    tensors = {k: v.detach().to("cpu", dtype).contiguous()
               for k, v in model.state_dict().items()}
    head = "TokenClassification" if hasattr(model, "classifier") else "MaskedLM"
    c = {**model.config, **(extra or {}), "architectures": ["BertFor" + head],
         "dtype": str(dtype).removeprefix("torch.")}
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(c, f, indent=1, ensure_ascii=False)
        f.write("\n")
    size = {k: v.numel() * v.element_size() for k, v in tensors.items()}
    shards, full = [{}], 0
    for k in sorted(tensors):
        if split and full + size[k] > SHARD and shards[-1]:
            shards.append({})
            full = 0
        shards[-1][k] = tensors[k]
        full += size[k]
    names = ["model.safetensors"]
    if len(shards) > 1:
        names = [f"model-{i + 1:05}-of-{len(shards):05}.safetensors"
                 for i in range(len(shards))]
        where = {k: n for n, s in zip(names, shards) for k in s}
        with open(os.path.join(folder, "model.safetensors.index.json"),
                  "w") as f:
            json.dump({"metadata": {"total_size": sum(size.values())},
                       "weight_map": where}, f, indent=1)
    for name, shard in zip(names, shards):
        path = os.path.join(folder, name)
        safetensors.torch.save_file(shard, path, {"format": "pt"})
        os.chmod(path, 0o644)


def read(folder, labels=0, dropout=0.0):
    """A model from a folder. Where its head is another, a new one."""
    with open(os.path.join(folder, "config.json")) as f:
        c = json.load(f)
    model = Bert(c, labels, dropout)
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            tensors.update(safetensors.torch.load_file(
                os.path.join(folder, name)))
    own = model.state_dict()
    fit = {k: v.float() for k, v in tensors.items()
           if k in own and own[k].shape == v.shape}
    left = [k for k in own if k not in fit
            and not k.startswith(("classifier.", "cls."))]
    if left:
        raise SystemExit(f"{folder}: no weights for {left[0]}")
    model.load_state_dict({**own, **fit})
    return model


def parameters(c):
    """How many the encoder has, with its embeddings and without."""
    h, f = c["hidden_size"], c["intermediate_size"]
    layers = c["num_hidden_layers"] * (4 * h * h + 2 * h * f + f + 9 * h)
    return layers + h * (c["vocab_size"] + c["max_position_embeddings"] + 4), \
        layers


def groups(model, decay):
    """Parameters for AdamW: no decay of biases and norms."""
    yes = [p for p in model.parameters() if p.dim() > 1]
    no = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": yes, "weight_decay": decay},
            {"params": no, "weight_decay": 0.0}]


def slope(done, warm):
    """The factor of the learning rate when `done` of the time is over."""
    if done < warm:
        return max(done / warm, 1e-3)
    return max(1.0 - (done - warm) / (1.0 - warm), 0.0)
